#!/usr/bin/env bash
# @reteps/dockerfmt 0.5.4 (npm: dockerfmt as WebAssembly, which prettier-plugin-sh calls for Dockerfiles; Node.js 24.21.0), seen 2026-11-28
#
# A formatter of Dockerfiles that changes what is built, without an error: where a RUN hands a here-document to a command (`cat <<EOF > FILE`), the
# lines of the document lose their indentation, so that a YAML file or a Python script written by it is another one; of a COPY with two
# here-documents the second is gone; and the JSON form of ADD and COPY, which is there for names with spaces, becomes the plain one, by which
# "release notes" is two files. A here-document that is the whole RUN, or a single one of COPY, stays as it was, which is what one tries. A good
# engineer expects a formatter to change spaces between words and nothing else, and lets it run over every Dockerfile before a commit.
# A line "# dockerfmt-ignore" before such an instruction leaves it alone.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @reteps/dockerfmt@0.5.4 >/dev/null

cat >Dockerfile <<'DOCKERFILE'
FROM scratch
RUN <<EOF
if true; then
    touch /a
fi
EOF
RUN cat <<'EOF' > /etc/app.yaml
driver:
  image: one
launcher:
  image: two
EOF
COPY <<EOF /etc/one.yaml
one:
  image: one
EOF
COPY <<one.txt <<two.txt /etc/
first
one.txt
second
two.txt
ADD ["release notes", "/usr/share/doc/"]
COPY --chown=1:1 ["release notes", "/srv/"]
DOCKERFILE

cat >format.mjs <<'JS'
import { formatDockerfileContents } from '@reteps/dockerfmt';
import { readFileSync } from 'node:fs';
const options = { indent: 4, trailingNewline: true, spaceRedirects: false };
process.stdout.write(await formatDockerfileContents(readFileSync('Dockerfile', 'utf8'), options));
JS
node_modules/.bin/node format.mjs >formatted
diff Dockerfile formatted | tee seen || true
cmp seen - <<'SEEN'
9c9
<   image: one
---
> image: one
11c11
<   image: two
---
> image: two
20,23c20,21
< second
< two.txt
< ADD ["release notes", "/usr/share/doc/"]
< COPY --chown=1:1 ["release notes", "/srv/"]
---
> ADD release notes /usr/share/doc/
> COPY --chown=1:1 release notes /srv/
SEEN
echo 'as seen'
