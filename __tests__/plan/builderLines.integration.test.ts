import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../src/system/exec';
import { createRepository, type TestRepository } from '../support/fork';

/*
 * What lines of a builder stage read of the context, through the command line: all Dockerfiles are in one repository, of which every
 * file changes at once, and one `plan --since` lists what of it counts for each of them.
 */

type Action = 'build' | 'reuse';

/** Lines of a builder stage; a file that changes; what must be done then. */
type Case = readonly [lines: string, file: string, action: Action];

const build = 'RUN go build -o /out/x ./cmd/x';
const all = (lines: string): string => `WORKDIR /src\nCOPY . .\n${lines}`;
/** The layout of a controller that was made with kubebuilder. */
const parts = (lines: string): string =>
  `WORKDIR /workspace\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY cmd/ cmd/\nCOPY pkg/ pkg/\n${lines}`;

/** Six folders down. */
const deep = 'one/two/three/four/five/six/x';

const cases: readonly Case[] = [
  // Substitutions, and words that only the shell puts together.
  [all(`RUN cp bin/tool-$(uname -m) /out/tool\n${build}`), 'bin/tool-x86_64', 'build'],
  [all(`RUN cp bin/tool-$(uname -m) /out/tool\n${build}`), 'docs/a.md', 'reuse'],
  [all(`RUN cp "bin/tool-$(uname -m | tr a b)" /out/tool\n${build}`), 'bin/tool-x86_64', 'build'],
  [all(`RUN cp bin/tool-\`uname -m\` /out/tool\n${build}`), 'bin/tool-x86_64', 'build'],
  [all(`RUN A=$(uname -m) && cp bin/tool-$A /out/tool\n${build}`), 'bin/tool-x86_64', 'build'],
  [all(`SHELL ["/bin/bash", "-c"]\nRUN cp config/{a,b}.yaml /out/\n${build}`), 'config/a.yaml', 'build'],
  [all(`RUN cp config/[!c].yaml /out/\n${build}`), 'config/a.yaml', 'build'],
  [all(`RUN cp config/[]a].yaml /out/\n${build}`), 'config/a.yaml', 'build'],
  [
    all(`RUN for x in config/*.yaml; do install -m 644 config/$(basename $x) /out/; done\n${build}`),
    'config/a.yaml',
    'build',
  ],
  // Tags, wherever they are set.
  [all(`ENV F="-tags foo"\nRUN go build $F -o /out/x ./cmd/x`), 'b/b.go', 'build'],
  [all(`ARG GOFLAGS=-tags=foo\n${build}`), 'b/b.go', 'build'],
  [all(`RUN go env -w GOFLAGS=-tags=foo\n${build}`), 'b/b.go', 'build'],
  [all(`RUN GOEXPERIMENT=boringcrypto go build -o /out/x ./cmd/x`), 'b/b.go', 'build'],
  [all(build), 'cmd/x/x_windows.go', 'build'],
  [all(build), 'cmd/x/x_test.go', 'reuse'],
  [all(`ARG GOOS=windows\n${build}`), 'w/w.go', 'build'],
  [all(build), 'w/w.go', 'reuse'],
  // Modules that are joined in the build.
  [all(`RUN go work init . ./other\n${build}`), 'other/o.go', 'build'],
  [all(`RUN go mod edit -replace example.com/o=./other && ${build.slice(4)}`), 'other/o.go', 'build'],
  [all(`RUN go build -modfile=other.mod -o /out/x ./cmd/x`), 'other/o.go', 'build'],
  [all(`RUN GOWORK=/src/other.work go build -o /out/x ./cmd/x`), 'other/o.go', 'build'],
  [all(`ENV GOFLAGS=-modfile=other.mod\n${build}`), 'other/o.go', 'build'],
  [all(`RUN echo 'replace example.com/o => ./other' >> go.mod\n${build}`), 'other/o.go', 'build'],
  [all(`RUN sed -i 's/a/b/' cmd/x/main.go\n${build}`), 'other/o.go', 'build'],
  [all(`RUN cp config/main.txt cmd/x/main.go\n${build}`), 'b/b.go', 'build'],
  [all(`COPY over/ cmd/x/\n${build}`), 'b/b.go', 'build'],
  // Programs that read files.
  ...[
    'git apply fix.patch',
    'patch -p1 < fix.patch',
    'gunzip -c fix.patch > /out/y',
    'tar -cf /out/y -T fix.patch',
    'dpkg -i ./fix.patch',
    'apt-get install -y ./fix.patch',
    'rpm -i fix.patch',
    'apk add --allow-untrusted ./fix.patch',
    'strip -o /out/y fix.patch',
    'curl -d @fix.patch https://example.com/',
    'curl --data-binary @fix.patch https://example.com/',
    'wget --post-file fix.patch https://example.com/',
    '[ -f fix.patch ] && touch /out/y',
    'if test -e fix.patch; then touch /out/y; fi',
    'command cat fix.patch > /out/y',
    'go run example.com/tool@v1',
    // By an option that holds its value, by a program in a word, by a list.
    'grep -ffix.patch config/a.yaml > /out/y',
    'tar -xffix.patch -C /out',
    "sed '/a/r fix.patch' config/a.yaml > /out/y",
    "sed -n -e '/a/{r fix.patch' -e 'd}' config/a.yaml > /out/y",
    "sed 's/a/cat fix.patch/e' config/a.yaml > /out/y",
    'sed -f config/main.txt config/a.yaml > /out/y',
    `awk '{ while ((getline l < "fix.patch") > 0) print l }' config/a.yaml > /out/y`,
    `awk 'BEGIN { system("cp fix.patch /out") }'`,
    `yq '.a = load("fix.patch")' config/a.yaml > /out/y`,
    `jq -n 'import "fix" as f; f::x' > /out/y`,
    `find bin -exec sh -c 'cp fix.patch /out' ';'`,
    'find bin -execdir ./config/tags.sh {} +',
    'sha256sum -c config/main.txt',
    'echo "$A  fix.patch" | sha256sum -c -',
    'sort --files0-from=config/main.txt',
    "trap 'cp fix.patch /out' EXIT",
    'git config -f fix.patch --get a.b > /out/y',
    'curl -o /out/y file:///src/fix.patch',
    'apt-get -c=fix.patch update',
    'sh < config/tags.sh',
    'cat config/tags.sh | sh',
    'for f in *.patch; do echo $f >> /out/y; done',
    'echo "$A"/*.patch',
    // As a list from elsewhere, and in the parts of an argument.
    'cat config/main.txt | sha256sum -c -',
    'zstd --filelist=config/main.txt',
    "curl -F 'f=@fix.patch;type=text/plain' https://example.com/",
    "curl -F 'f=<fix.patch' https://example.com/",
    'curl --cert fix.patch:password https://example.com/',
    'rpm --import fix.patch',
    'git clone ./fix.patch /x',
    'go version fix.patch',
    // By a helper that is a script.
    'tar -I ./config/tags.sh -cf /out/y docs',
    'tar --use-compress-program=config/tags.sh -cf /out/y docs',
    'sort --compress-program=./config/tags.sh docs/a.md',
    // Where an option says what a filter does, its operands are files.
    'grep -ep fix.patch > /out/y',
    'grep -f fix.patch docs/a.md > /out/y',
    'sed --expression=p fix.patch > /out/y',
    'yq -P fix.patch > /out/y',
    // By a variable.
    'SSL_CERT_FILE=/src/fix.patch go mod download',
    'LD_PRELOAD=$PWD/fix.patch ls docs > /out/y',
    'export GIT_CONFIG_GLOBAL=./fix.patch',
    // What must be there.
    'chmod +x fix.patch',
    'rm fix.patch',
    // Behind the options of another command.
    'env -i PATH=/bin cat fix.patch > /out/y',
    // In a substitution, wherever it is.
    'echo ${A:-$(cat fix.patch)}',
    'echo ${A:-`cat fix.patch`}',
    'echo "${A:-"$(cat fix.patch)"}"',
    'echo $(( $(cat fix.patch) + 1 ))',
    'echo "$(( $(cat fix.patch) + 1 ))"',
    'echo $((cat fix.patch; echo) | sort)',
  ].map((command): Case => [all(`RUN ${command}\n${build}`), 'fix.patch', 'build']),
  [all(`SHELL ["/bin/bash", "-c"]\nRUN cp ~+/fix.patch /out/\n${build}`), 'fix.patch', 'build'],
  // In somebody's home, and behind many changes of the folder.
  [`WORKDIR /root/src\nCOPY . .\nRUN cp ~/src/fix.patch /out/\n${build}`, 'fix.patch', 'build'],
  [all(`RUN echo machine x > ~/.netrc && ${build.slice(4)}`), 'fix.patch', 'reuse'],
  [all(`RUN ${'cd docs && cd .. && '.repeat(20)}cd config && cp a.yaml /out/\n${build}`), 'config/a.yaml', 'build'],
  [all(`RUN cd one && cd two && cd three && cd four && cd five && cd six && cp x /out/\n${build}`), deep, 'build'],
  // Another shell, and files that are not those of the context.
  [all(`SHELL ["node", "-e"]\nRUN true\n${build}`), 'fix.patch', 'build'],
  [all(`COPY <<EOF config/tags.sh\ncp fix.patch /out\nEOF\nRUN ./config/tags.sh\n${build}`), 'fix.patch', 'build'],
  [all(`COPY <<EOF go.work\nuse ./other\nEOF\n${build}`), 'other/o.go', 'build'],
  [all(`RUN curl -o go.work https://example.com/\n${build}`), 'other/o.go', 'build'],
  [all(`RUN rm other/go.mod\n${build}`), 'other/o.go', 'build'],
  [all(`COPY --from=example.com/gen /gen pkg/generated\n${build}`), 'pkg/unused/u.go', 'build'],
  [all(`RUN --mount=from=example.com/gen,target=/src/pkg/generated ${build.slice(4)}`), 'pkg/unused/u.go', 'build'],
  [all(`COPY --from=example.com/ui /dist docs/dist\n${build}`), 'pkg/unused/u.go', 'reuse'],
  [all(`COPY --from=example.com/tool /bin/tool /usr/local/bin/\n${build}`), 'pkg/unused/u.go', 'reuse'],
  [parts(`COPY --parents config/./sub ./\nRUN cp sub/s.yaml /out/\n${build}`), 'config/sub/s.yaml', 'build'],
  // Files that Go or its C compiler is told of.
  [all(`ENV SSL_CERT_FILE=/src/fix.patch\n${build}`), 'fix.patch', 'build'],
  [all(`ENV GOPROXY=file:///src/config,off\n${build}`), 'config/a.yaml', 'build'],
  [all(`ENV CC="/src/config/tags.sh -x"\n${build}`), 'fix.patch', 'build'],
  [all(`ENV APP=/src HOME=/src GOBIN=/src/bin X=.\n${build}`), 'fix.patch', 'reuse'],
  [all(`ENV GO111MODULE=off\n${build}`), 'fix.patch', 'build'],
  [all(`RUN go build -ldflags=-extld=/src/config/tags.sh -o /out/x ./cmd/x`), 'fix.patch', 'build'],
  [all(`RUN go build -o /out/ example.com/m/pkg/...\n${build}`), 'pkg/unused/u.go', 'build'],
  [all(`RUN go build -o /out/ ./cmd/*\n${build}`), 'cmd/y/y.go', 'build'],
  [all(`RUN go build -o /out/ ./cmd/{x,y}\n${build}`), 'cmd/y/y.go', 'build'],
  [all(`RUN go install tool\n${build}`), 'pkg/unused/u.go', 'build'],
  [all(`RUN go vet ./cmd/x\n${build}`), 'cmd/x/x_test.go', 'build'],
  [all(`RUN go list -test ./cmd/x > /out/y\n${build}`), 'cmd/x/x_test.go', 'build'],
  [all(`RUN go build -compiler=gccgo -o /out/x ./cmd/x`), 'w/w.go', 'build'],
  [all(`ENV GOENV=/src/fix.patch\n${build}`), 'fix.patch', 'build'],
  [all(`ENV CGO_CFLAGS="-O2 -I/src/config"\n${build}`), 'config/a.yaml', 'build'],
  [all(`RUN CGO_LDFLAGS=./fix.patch ${build.slice(4)}`), 'fix.patch', 'build'],
  [all(`RUN go build -ldflags '-extldflags "-static fix.patch"' -o /out/x ./cmd/x`), 'fix.patch', 'build'],
  [all(`RUN go mod tidy && ${build.slice(4)}`), 'pkg/unused/u.go', 'build'],
  [all(build), 'pkg/unused/u.go', 'reuse'],
  // What reads nothing more.
  ...[
    'case "$A" in amd64) x=1 ;; arm64|aarch64) x=2 ;; *) exit 1 ;; esac',
    'go vet ./cmd/x',
    'go mod tidy',
    'command -v go && if ! command -v x; then echo no; fi',
    'env -i PATH=/bin go version && nice -n 5 go env',
    'jq . config/a.yaml > /out/y',
    'jq --arg a b . config/a.yaml > /out/y',
    'date -r fix.patch > /out/y',
    'bash -o pipefail -c "ls docs"',
    'chown -R nobody /src',
    'apk add git make && apt-get install -y gcc',
    'git config --global user.name x && git rev-parse HEAD',
    '[ "$A" = x ] || echo "$A"',
    'rm -rf docs',
    '< config/a.yaml jq ".pipelines[].file" --raw-output',
    'curl -fsSLo /out/y https://example.com/$A',
    'curl -fsSL https://example.com/install.sh | sh -s -- -b /usr/local/bin v1',
    'curl -fsSLO https://example.com/t.tgz && echo "$A  t.tgz" | sha256sum -c -',
    "sed -i -e 's/r fix.patch/e/' -e '/a/,$d' config/a.yaml",
    `awk -F'|' '/a|b/ { print $1 "|" $2 }' config/a.yaml > /out/y`,
    "find docs -name '*.md' -exec rm {} +",
    'echo ${A##*/} $((2 * 3)) "*"',
    'trap - EXIT',
    'go build -ldflags "-s -w -X main.v=$A" -o /out/z ./cmd/x',
  ].map((command): Case => [all(`ARG A\nRUN ${command} && ${build.slice(4)}`), 'fix.patch', 'reuse']),
  [all('RUN cd cmd/x && go build -o /out/x .'), 'fix.patch', 'reuse'],
  [all('RUN cd cmd/x && go build -o /out/x .'), 'pkg/used/u.go', 'build'],
  // Folders side by side.
  [parts(build), 'pkg/used/u.go', 'build'],
  [parts(build), 'pkg/unused/u.go', 'reuse'],
  [parts(build), 'go.sum', 'build'],
  [parts(`RUN make`), 'pkg/unused/u.go', 'build'],
  [parts(`RUN make`), 'docs/a.md', 'reuse'],
  [parts(`COPY config/tags.sh .\nRUN ./tags.sh && ${build.slice(4)}`), 'pkg/unused/u.go', 'build'],
  [parts(`COPY over/ cmd/x/\n${build}`), 'pkg/unused/u.go', 'build'],
  [`WORKDIR /s\nCOPY ./* ./\n${build}`, 'pkg/used/u.go', 'build'],
  [`WORKDIR /s\nCOPY --parents ./* ./\n${build}`, 'pkg/used/u.go', 'build'],
  [`WORKDIR /s\nCOPY --parents ./* ./\n${build}`, 'pkg/unused/u.go', 'reuse'],
  [`WORKDIR /s\nCOPY --parents ./* ./\n${build}`, 'README.md', 'reuse'],
  // An argument from before the first FROM that the stage does not declare.
  [all(`RUN go build -o /out/$TOP ./cmd/x && cp config/$TOP/a.yaml /out/`), 'fix.patch', 'reuse'],
];

const files: Readonly<Record<string, string>> = {
  'go.mod': 'module example.com/m\n\ngo 1.22\n',
  'go.sum': '',
  'cmd/x/main.go':
    'package main\n\nimport (\n\t_ "example.com/m/pkg/generated"\n\t_ "example.com/m/pkg/used"\n)\n\nfunc main() {}\n',
  'cmd/x/t.go': '//go:build foo || boringcrypto\n\npackage main\n\nimport _ "example.com/m/b"\n',
  'cmd/x/x_windows.go': 'package main\n\nimport _ "example.com/m/w"\n',
  'cmd/x/x_test.go': 'package main\n',
  'cmd/x/x_gccgo.go': '//go:build gccgo\n\npackage main\n\nimport _ "example.com/m/w"\n',
  'cmd/y/y.go': 'package main\n\nfunc main() {}\n',
  'pkg/used/u.go': 'package used\n',
  'pkg/unused/u.go': 'package unused\n',
  'b/b.go': 'package b\n',
  'w/w.go': 'package w\n',
  'other/go.mod': 'module example.com/o\n',
  'other/o.go': 'package o\n',
  'over/main.go': 'package main\n\nimport _ "example.com/m/b"\n\nfunc main() {}\n',
  'bin/tool-x86_64': 't',
  'config/a.yaml': 'a',
  'config/sub/s.yaml': 's',
  [deep]: 'x',
  'config/main.txt': 'package main\n',
  'config/tags.sh': '#!/bin/sh\nmake\n',
  'docs/a.md': 'd',
  'README.md': 'r',
  'fix.patch': 'p',
};

let repository: TestRepository;
let changed: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  repository = await createRepository();
  const images = cases.map((_, index) => `  x${index}: {dockerfile: docker/${index}, inputs: {go: ./cmd/x}}\n`);
  await repository.commit('a fork', {
    ...files,
    'kfp-images.yaml': `version: 1\nimages:\n${images.join('')}`,
    ...Object.fromEntries(
      cases.map(([lines], index) => [
        `docker/${index}`,
        `ARG TOP=x\nFROM golang:1.26 AS b\n${lines}\nFROM scratch\nCOPY --from=b /out /out\n`,
      ]),
    ),
  });
  const more = Object.entries(files).map(([path, text]) => [path, `${text}// more\n`] as const);
  await repository.commit('change them all', Object.fromEntries(more));
  changed = await planned();
}, 300_000);

afterAll(() => repository.remove());

/** The files that `plan --since` names for each image. */
async function planned(): Promise<ReadonlyMap<string, readonly string[]>> {
  const bundle = join(process.cwd(), 'dist', 'cli', 'index.js');
  const args = [bundle, 'plan', '--images', 'all', '--since', 'HEAD~1', '--json'];
  const { stdout, stderr, exitCode } = await capture({ command: process.execPath, args, cwd: repository.directory });
  if (exitCode !== 0) throw new Error(stderr);
  const plan = JSON.parse(stdout.toString('utf8')) as { images: { name: string; changed: string[] }[] };
  return new Map(plan.images.map(({ name, changed: names }) => [name, names]));
}

describe('a builder stage that says', () => {
  it.each(cases.map(([lines, file, action], index) => ({ lines, file, action, index })))(
    '$lines: $action when $file changes',
    ({ file, action, index }) => {
      expect(Object.keys(files)).toContain(file);
      expect(changed.get(`x${index}`)?.includes(file) === true ? 'build' : 'reuse').toBe(action);
    },
  );
});
