#!/usr/bin/env bash
# kr8s 0.20.15 and pykube-ng 23.6.0 (PyPI), seen 2026-11-28
#
# `ready` of a Deployment, asked in the middle of a roll-out whose new image cannot be pulled: kr8s says yes, for it counts the pods that are ready and not
# of which version they are, and the old ones stay until a new one is ready. pykube-ng counts the pods of the new version and not whether they are ready,
# so that it says yes as soon as they are made, crashing or not, while kr8s says no. Where they answer alike before and after a
# roll-out that works, `kubectl rollout status` wants both: new ones, and ready. So a deploy that waits for `ready` is green with the old image, or with a
# new one that never ran. A good engineer expects the answer of kubectl's, and tries it with a deployment that starts. Compare
# updatedReplicas, replicas and availableReplicas with the replicas of the spec.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kr8s==0.20.15 pykube-ng==23.6.0

cat >ready.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import kr8s
import kr8s.objects
import pykube


def deployment(name, **status):
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": name}}, "template": {}}
    metadata = {"name": name, "namespace": "default", "generation": 2}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec, "status": {"observedGeneration": 2, **status}}


# What the deployment controller writes, with maxSurge 1 and maxUnavailable 0 or 25 % of three pods, and in the last one 1 and 3.
DEPLOYMENTS = {
    "the new version runs": deployment("done", replicas=3, updatedReplicas=3, readyReplicas=3, availableReplicas=3),
    "its image cannot be pulled, the old one runs": deployment(
        "stuck", replicas=4, updatedReplicas=1, readyReplicas=3, availableReplicas=3, unavailableReplicas=1
    ),
    "it crashes, the old one is gone": deployment("crashing", replicas=3, updatedReplicas=3, unavailableReplicas=3),
}


class Server(BaseHTTPRequestHandler):
    """As much of the Kubernetes API as the two ask for."""

    def do_GET(self):
        path = self.path.split("?")[0]
        found = [d for d in DEPLOYMENTS.values() if path == f"/apis/apps/v1/namespaces/default/deployments/{d['metadata']['name']}"]
        answer = json.dumps(found[0] if found else {"major": "1", "minor": "36", "gitVersion": "v1.36.0"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
with open("kubeconfig", "w") as file:
    contexts = [{"name": "it", "context": {"cluster": "it", "user": "it"}}]
    clusters = [{"name": "it", "cluster": {"server": url}}]
    users = [{"name": "it", "user": {"token": "none"}}]
    json.dump({"current-context": "it", "contexts": contexts, "clusters": clusters, "users": users}, file)
api = kr8s.api(kubeconfig="kubeconfig")
http = pykube.HTTPClient(pykube.KubeConfig.from_url(url))


for state, raw in DEPLOYMENTS.items():
    answers = {
        "kr8s": kr8s.objects.Deployment(raw, api=api).ready(),
        "pykube-ng": pykube.Deployment.objects(http).get_by_name(raw["metadata"]["name"]).ready,
    }
    print(f"{state}:", ", ".join(f"{who} {'ready' if ready else 'no'}" for who, ready in answers.items()))
PY
venv/bin/python -W ignore ready.py | tee seen
cmp seen - <<'SEEN'
the new version runs: kr8s ready, pykube-ng ready
its image cannot be pulled, the old one runs: kr8s ready, pykube-ng no
it crashes, the old one is gone: kr8s no, pykube-ng ready
SEEN
echo 'as seen'
