#!/usr/bin/env bash
# kfp 2.17.3 with docker 7.2.0 (PyPI), seen 2026-11-28
#
# Run by kfp's local DockerRunner, a step's `command` is given to the image's ENTRYPOINT as its arguments; on a cluster it takes the ENTRYPOINT's place, as a
# container's `command` does in Kubernetes. So of an image whose ENTRYPOINT sets something up and ends in `exec "$@"` (a user, paths, credentials, an
# activated environment) the step works locally and runs without all of it on the cluster, and one whose ENTRYPOINT is the program itself gets its
# own name as an argument locally. A good engineer tries the image with the local runner because that is how it will run. Leave ENTRYPOINT
# empty in images of steps, or call it in `command`.
# The engine is asked by its API; a stand-in answers here, and shows what a step's container is made of. Needs Python 3 with venv. Exit 0: as
# described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3 docker==7.2.0

cat >run.py <<'PY'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

created = []


class Engine(BaseHTTPRequestHandler):
    """As much of an engine's API as one container needs."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        status, answer = 200, {}
        if path.endswith("/version"):
            answer = {"ApiVersion": "1.44"}
        elif path.endswith("/images/json"):
            answer = [{"Id": "image"}]
        elif path.endswith("/images/image/json"):
            answer = {"Id": "image", "RepoTags": ["registry.example/step:1"], "RepoDigests": []}
        elif path.endswith("/containers/create"):
            created.append(json.loads(body))
            answer = {"Id": "1"}
        elif path.endswith("/containers/1/json"):
            answer = {"Id": "1", "Config": {"Tty": True}, "HostConfig": {"LogConfig": {"Type": "json-file"}}}
        elif path.endswith("/start"):
            status = 204
        elif path.endswith("/wait"):
            answer = {"StatusCode": 0}
        data = b"" if status == 204 or path.endswith("/logs") else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


engine = HTTPServer(("127.0.0.1", 0), Engine)
threading.Thread(target=engine.serve_forever, daemon=True).start()
os.environ["DOCKER_HOST"] = f"tcp://127.0.0.1:{engine.server_port}"
from kfp import compiler, dsl, local


@dsl.container_component
def step():
    return dsl.ContainerSpec(image="registry.example/step:1", command=["train"], args=["--fast"])


local.init(runner=local.DockerRunner(), pipeline_root="outputs")
step()
compiled = step.pipeline_spec.deployment_spec["executors"]["exec-step"]["container"]
with open("seen", "w") as seen:
    print("pipeline: command", list(compiled["command"]), "args", list(compiled["args"]), file=seen)
    for container in created:
        print("container: Entrypoint", container.get("Entrypoint"), "Cmd", container["Cmd"], file=seen)
PY
venv/bin/python -W ignore run.py >log 2>&1 || { cat log && exit 1; }
cat seen
cmp seen - <<'SEEN'
pipeline: command ['train'] args ['--fast']
container: Entrypoint None Cmd ['train', '--fast']
SEEN
echo 'as seen'
