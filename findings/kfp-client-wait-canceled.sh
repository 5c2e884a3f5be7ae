#!/usr/bin/env bash
# kfp 2.17.3 with kfp-server-api 2.17.3 (PyPI), seen 2026-11-28
#
# The client's wait_for_run_completion goes on waiting for a run that is CANCELED, the state of one that was terminated by its button, by the API or by the client's
# own terminate_run: it asks again until its time is over, however long, and then raises TimeoutError ("Run timeout"), as for a run that is too slow; a
# RunPipelineResult's wait_for_run_completion() without a timeout waits for ever. The states that end it are "succeeded", "failed", "skipped" and
# "error", and the API has no "error". A good engineer expects a final state to end the wait, whatever it is, and tries it with runs that
# succeed and fail. Ask get_run for the state in a loop of one's own.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3 kfp-server-api==2.17.3

cat >wait.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import kfp_server_api
from kfp import Client

asked = []


class Server(BaseHTTPRequestHandler):
    """Answers for a run with the state that it has as its id."""

    def do_GET(self):
        run = self.path.rsplit("/", 1)[1]
        asked.append(run)
        answer = json.dumps({"run_id": run, "state": run, "multi_user": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Client(host=f"http://127.0.0.1:{server.server_port}")
print("the API knows of ERROR:", "ERROR" in kfp_server_api.V2beta1RuntimeState.allowable_values)
for state in ["SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"]:
    try:
        answer = client.wait_for_run_completion(state, timeout=5, sleep_duration=1).state
    except TimeoutError as error:
        answer = f"TimeoutError: {error}"
    print(f"{state}: {answer}, asked {'once' if asked.count(state) == 1 else 'again and again'}")
PY
HOME=$dir venv/bin/python -W ignore wait.py | tee seen
cmp seen - <<'SEEN'
the API knows of ERROR: False
SUCCEEDED: SUCCEEDED, asked once
FAILED: FAILED, asked once
SKIPPED: SKIPPED, asked once
CANCELED: TimeoutError: Run timeout, asked again and again
SEEN
echo 'as seen'
