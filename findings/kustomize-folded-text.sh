#!/usr/bin/env bash
# sigs.k8s.io/kustomize/kustomize/v5 5.8.1 (PyYAML 6.0.4 to read with), seen 2026-11-28
#
# `kustomize build` changes what a folded text says: where an indented line follows one that is not, a line break is added. A command that is
# written as `>-` with a backslash at the end of its first line and its flags indented below is one command to kubectl and the API server; after
# kustomize, which was told to change nothing in it, the backslash joins an empty line, and the flags are a second command that there is not.
# The exit status is that second command's, or 0 where something follows. A good engineer expects the values to be those of the file, and
# sees in reviews of `kustomize build` only that `>-` has become `|-`. Write such texts with `|`, which are left alone.
# Needs Go, and Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache GOBIN=$dir/bin
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1 2>/dev/null

cat >pod.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: train}
spec:
  containers:
  - name: folded
    image: example.test/train
    command:
    - sh
    - -c
    - >-
      echo train \
        --steps 5
  - name: literal
    image: example.test/train
    command:
    - sh
    - -c
    - |-
      echo train \
        --steps 5
YAML
printf 'resources: [pod.yaml]\n' >kustomization.yaml
bin/kustomize build . >built.yaml
cat >run.py <<'PY'
import subprocess
import sys
import yaml
for container in yaml.safe_load(open(sys.argv[1]))["spec"]["containers"]:
    ran = subprocess.run(container["command"], capture_output=True, text=True)
    print(container["name"], repr(container["command"][2]), repr(ran.stdout), "complains" if ran.stderr else "fine")
PY
for file in pod built; do echo "$file.yaml:" && venv/bin/python run.py $file.yaml; done | tee seen
cmp seen - <<'END'
pod.yaml:
folded 'echo train \\\n  --steps 5' 'train --steps 5\n' fine
literal 'echo train \\\n  --steps 5' 'train --steps 5\n' fine
built.yaml:
folded 'echo train \\\n\n  --steps 5' 'train\n' complains
literal 'echo train \\\n  --steps 5' 'train --steps 5\n' fine
END
echo 'as seen'
