#!/usr/bin/env bash
# kfp 2.17.3 with kfp-server-api 2.17.3 (PyPI), seen 2026-11-28
#
# `enable_caching` of the client's create_run_from_pipeline_func, create_run_from_pipeline_package, run_pipeline and create_recurring_run, which
# "applies to all tasks in the pipeline" by its documentation, is set for the tasks of the outermost level alone: those in a dsl.If, a
# dsl.ParallelFor, a dsl.ExitHandler or a pipeline that is a step keep what was compiled, caching. For a pipeline that was uploaded before (pipeline_id,
# version_id) nothing is sent of it at all. So a run that is to take nothing from the cache, after an image was pushed again under its
# tag, takes results of the old one. No error or warning. A good engineer expects all tasks or a refusal, and sees it work for a pipeline
# without groups. Set it in the pipeline (task.set_caching_options), or compile with --disable-execution-caching-by-default.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3 kfp-server-api==2.17.3

cat >run.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from kfp import Client, dsl


@dsl.container_component
def build():
    return dsl.ContainerSpec(image="registry.example/build:latest")


@dsl.pipeline
def inner():
    build()


@dsl.pipeline
def nightly():
    build()
    inner()
    with dsl.ParallelFor(["amd64", "arm64"]):
        build()


created = []


class Server(BaseHTTPRequestHandler):
    """Answers as much of the API as the client asks for, and keeps what it creates."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "POST":
            created.append(json.loads(body))
        answer = json.dumps({"run_id": "1", "multi_user": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Client(host=f"http://127.0.0.1:{server.server_port}")

client.create_run_from_pipeline_func(nightly, enable_caching=False, experiment_id="1")
spec = created[-1]["pipeline_spec"]


def walk(dag, path):
    for name, task in sorted(dag["tasks"].items()):
        component = spec["components"][task["componentRef"]["name"]]
        if "dag" in component:
            walk(component["dag"], f"{path}{name}/")
        else:
            print(f"{path}{name}: from the cache: {'yes' if task['cachingOptions'].get('enableCache') else 'no'}")


walk(spec["root"]["dag"], "")
client.run_pipeline("1", "nightly", pipeline_id="1", version_id="1", enable_caching=False)
print("uploaded before, words about caching:", json.dumps(created[-1]).lower().count("cach"))
PY
HOME=$dir venv/bin/python -W ignore run.py | sed '/^Run details/d' | tee seen
cmp seen - <<'SEEN'
build: from the cache: no
for-loop-2/build-2: from the cache: yes
inner/build: from the cache: yes
uploaded before, words about caching: 0
SEEN
echo 'as seen'
