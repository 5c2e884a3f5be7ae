#!/usr/bin/env bash
# github.com/google/go-containerregistry v0.22.1, seen 2026-11-28
#
# Its registry (pkg/registry, cmd/registry, `crane registry serve`) keeps what it got of an image's manifest whose PUT was cut off, and lets the
# tag name that: the body is read without a look at the error. Of an index it keeps nothing, for that is parsed. Distribution 2.8.2 and 3.1.2,
# zot 2.1.20, olareg 0.2.2 and Gitea 1.25.5 keep nothing of such a PUT, and the tag goes on naming what it named.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
)

const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}`

func main() {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	host := strings.TrimPrefix(server.URL, "http://")
	connection, err := net.Dial("tcp", host)
	if err != nil {
		panic(err)
	}
	half := manifest[:len(manifest)/2]
	fmt.Fprintf(connection, "PUT /v2/a/b/manifests/latest HTTP/1.1\r\nHost: %s\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: %d\r\n\r\n%s", host, len(manifest), half)
	connection.(*net.TCPConn).CloseWrite()
	io.ReadAll(connection)
	answer, err := http.Get(server.URL + "/v2/a/b/manifests/latest")
	if err != nil {
		panic(err)
	}
	kept, _ := io.ReadAll(answer.Body)
	fmt.Printf("latest: %s %s\n", answer.Status, kept)
	if answer.StatusCode != 200 || string(kept) != half {
		os.Exit(1)
	}
}
GO
cat > go.mod <<'MOD'
module finding

go 1.24
MOD
go get github.com/google/go-containerregistry/pkg/registry@v0.22.1 2>/dev/null
go run .
