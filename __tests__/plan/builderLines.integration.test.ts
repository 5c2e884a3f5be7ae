import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../src/system/exec';
import { createRepository, type TestRepository } from '../support/fork';

/*
 * What lines of a builder stage read of the context, through the command line: `plan --since` after a change of one file. All
 * Dockerfiles are in one repository, so that each file is changed once for all of them.
 */

type Action = 'build' | 'reuse';

/** Lines of a builder stage; a file that changes; what must be done then. */
type Case = readonly [lines: string, file: string, action: Action];

const build = 'RUN go build -o /out/x ./cmd/x';
const all = (lines: string): string => `WORKDIR /src\nCOPY . .\n${lines}`;
/** The layout of a controller that was made with kubebuilder. */
const parts = (lines: string): string =>
  `WORKDIR /workspace\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY cmd/ cmd/\nCOPY pkg/ pkg/\n${lines}`;

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
    // In a substitution, wherever it is.
    'echo ${A:-$(cat fix.patch)}',
    'echo ${A:-`cat fix.patch`}',
    'echo "${A:-"$(cat fix.patch)"}"',
    'echo $(( $(cat fix.patch) + 1 ))',
    'echo "$(( $(cat fix.patch) + 1 ))"',
    'echo $((cat fix.patch; echo) | sort)',
  ].map((command): Case => [all(`RUN ${command}\n${build}`), 'fix.patch', 'build']),
  [all(`SHELL ["/bin/bash", "-c"]\nRUN cp ~+/fix.patch /out/\n${build}`), 'fix.patch', 'build'],
  // Files that Go or its C compiler is told of.
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
  'cmd/x/main.go': 'package main\n\nimport _ "example.com/m/pkg/used"\n\nfunc main() {}\n',
  'cmd/x/t.go': '//go:build foo || boringcrypto\n\npackage main\n\nimport _ "example.com/m/b"\n',
  'cmd/x/x_windows.go': 'package main\n\nimport _ "example.com/m/w"\n',
  'cmd/x/x_test.go': 'package main\n',
  'pkg/used/u.go': 'package used\n',
  'pkg/unused/u.go': 'package unused\n',
  'b/b.go': 'package b\n',
  'w/w.go': 'package w\n',
  'other/go.mod': 'module example.com/o\n',
  'other/o.go': 'package o\n',
  'over/main.go': 'package main\n\nimport _ "example.com/m/b"\n\nfunc main() {}\n',
  'bin/tool-x86_64': 't',
  'config/a.yaml': 'a',
  'config/main.txt': 'package main\n',
  'config/tags.sh': 'make\n',
  'docs/a.md': 'd',
  'README.md': 'r',
  'fix.patch': 'p',
};

let repository: TestRepository;
const actions = new Map<string, ReadonlyMap<string, string>>();

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
  for (const file of new Set(cases.map(([, changed]) => changed))) {
    await repository.commit(`change ${file}`, { [file]: `${files[file] ?? ''}// more\n` });
    actions.set(file, await planned());
  }
}, 300_000);

afterAll(() => repository.remove());

/** What `plan --since` says of each image. */
async function planned(): Promise<ReadonlyMap<string, string>> {
  const bundle = join(process.cwd(), 'dist', 'cli', 'index.js');
  const args = [bundle, 'plan', '--images', 'all', '--since', 'HEAD~1', '--json'];
  const { stdout, stderr, exitCode } = await capture({ command: process.execPath, args, cwd: repository.directory });
  if (exitCode !== 0) throw new Error(stderr);
  const plan = JSON.parse(stdout.toString('utf8')) as { images: { name: string; action: string }[] };
  return new Map(plan.images.map(({ name, action }) => [name, action]));
}

describe('a builder stage that says', () => {
  it.each(cases.map(([lines, file, action], index) => ({ lines, file, action, index })))(
    '$lines: $action when $file changes',
    ({ file, action, index }) => {
      expect(actions.get(file)?.get(`x${index}`)).toBe(action);
    },
  );
});
