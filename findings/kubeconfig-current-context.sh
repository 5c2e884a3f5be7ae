#!/usr/bin/env bash
# kubernetes 37.0.2 (PyPI), @kubernetes/client-node 2.0.1 (npm, Node.js 24.21.0) and k8s.io/client-go 0.37.2 (kubectl), seen 2026-11-28
#
# KUBECONFIG may name several files. kubectl, and all that is made with client-go, takes the current context of the first file that has one ("the first file
# to set a particular value or key wins"); Kubernetes' own clients for Python and JavaScript take the last file's. With KUBECONFIG=dev:prod
# `kubectl config current-context` says dev, `kubectl apply` goes to dev, and the script started from the same shell works on prod, with prod's user
# and namespace. No word, and with one file, or with files of which one has a current context, all agree. A good engineer reads the rule in
# Kubernetes' documentation and looks at kubectl before starting the script. Name the context in code, or keep it in one file.
# Needs Go, Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now. Compiles for some minutes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kubernetes==37.0.2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @kubernetes/client-node@2.0.1 >/dev/null

for name in dev prod; do
  cat >$name <<YAML
apiVersion: v1
kind: Config
current-context: $name
contexts: [{name: $name, context: {cluster: $name, user: $name, namespace: of-$name}}]
clusters: [{name: $name, cluster: {server: 'https://$name.example'}}]
users: [{name: $name, user: {token: none}}]
YAML
done
cat >go.mod <<'MOD'
module finding

go 1.24
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		panic(err)
	}
	fmt.Println(config.Host)
}
GO
go get k8s.io/client-go/tools/clientcmd@v0.37.2 2>/dev/null
go build -o kubectl-like .
cat >host.py <<'PY'
from kubernetes import client, config
config.load_kube_config()
print(client.Configuration.get_default_copy().host)
PY
cat >host.mjs <<'JS'
import { KubeConfig } from '@kubernetes/client-node';
const config = new KubeConfig();
config.loadFromDefault();
console.log(config.getCurrentCluster().server);
JS
for files in dev:prod prod:dev; do
  export KUBECONFIG=$PWD/${files%:*}:$PWD/${files#*:}
  echo "$files: kubectl $(./kubectl-like), Python $(venv/bin/python -W ignore host.py), JavaScript $(node_modules/.bin/node host.mjs)"
done | tee seen
cmp seen - <<'SEEN'
dev:prod: kubectl https://dev.example, Python https://prod.example, JavaScript https://prod.example
prod:dev: kubectl https://prod.example, Python https://dev.example, JavaScript https://dev.example
SEEN
echo 'as seen'
