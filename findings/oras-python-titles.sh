#!/usr/bin/env bash
# oras 0.2.43 (PyPI, the ORAS project's client for Python), seen 2026-11-28
#
# `push(files=["driver/config.yaml", "launcher/config.yaml"])` gives both layers the same title, config.yaml, for it keeps no more of a path than its
# last part; `pull` then writes one file over the other, lists the path twice, and says nothing. The oras command makes the whole path the
# title, so that what was tried with it comes out otherwise here. A good engineer expects what went in to come out, as a path is what tells two
# files apart, and the file of annotations is keyed by paths. Give each file a name of its own, or push one archive.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check oras==0.2.43

mkdir driver launcher
echo 'image: driver' >driver/config.yaml
echo 'image: launcher' >launcher/config.yaml
cat >probe.py <<'PY'
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import oras.client

blobs, manifests = {}, {}


class Registry(BaseHTTPRequestHandler):
    """As much of the distribution protocol as a push and a pull need."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_POST(self):
        self.body()
        self.reply(202, Location=f"http://{self.headers['Host']}/upload")

    def do_PUT(self):
        body = self.body()
        if self.path.startswith("/upload"):
            blobs["sha256:" + hashlib.sha256(body).hexdigest()] = body
        else:
            manifests[self.path.rsplit("/", 1)[1]] = (body, self.headers["Content-Type"])
        self.reply(201, Location=self.path)

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        if "/manifests/" in self.path and name in manifests:
            body, kind = manifests[name]
            return self.reply(200, body, Content_Type=kind)
        if name in blobs:
            return self.reply(200, blobs[name])
        self.reply(404, b"{}")

    do_HEAD = do_GET


server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
target = f"127.0.0.1:{server.server_port}/settings:1"
client = oras.client.OrasClient(insecure=True)
client.push(target=target, files=["driver/config.yaml", "launcher/config.yaml"])
manifest = json.loads(manifests["1"][0])
print("titles:", *(layer["annotations"]["org.opencontainers.image.title"] for layer in manifest["layers"]))
pulled = client.pull(target=target, outdir="pulled")
print("pulled, by its answer:", *(str(Path(path).relative_to(Path("pulled").resolve())) for path in pulled))
for path in sorted(Path("pulled").rglob("*")):
    print(f"pulled: {path}: {path.read_text().strip()}")
PY
mkdir pulled
venv/bin/python probe.py 2>/dev/null | tee seen
cmp seen - <<'SEEN'
titles: config.yaml config.yaml
pulled, by its answer: config.yaml config.yaml
pulled: pulled/config.yaml: image: launcher
SEEN
echo 'as seen'
