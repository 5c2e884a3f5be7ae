import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driver, driverFiles, fork, goDockerfile, golang, inputs, keyOf, type Files } from './keyOf';

describe('the inputs of a Go image', () => {
  const cases: readonly (readonly [string, Files, readonly string[]])[] = [
    ['its imports and what is copied by name', {}, driverFiles],
    [
      'files that a RUN names, and those that a script names',
      { Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver && ./hack/tool.sh') },
      [...driverFiles, 'hack/list.txt', 'hack/tool.sh'],
    ],
    [
      'files that a here-document names',
      { Dockerfile: goDockerfile('RUN <<EOF', 'cat hack/list.txt', 'go build -o /bin/driver ./cmd/driver', 'EOF') },
      [...driverFiles, 'hack/list.txt'],
    ],
    [
      'folders that a RUN copies',
      { Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver', 'RUN cp -r hack /out') },
      [...driverFiles, 'hack/list.txt', 'hack/tool.sh'],
    ],
    ...(
      [
        ['a script given to a shell', 'RUN sh hack/tool.sh', ['hack/tool.sh', 'hack/list.txt']],
        ['a script that is sourced', 'RUN . ./hack/tool.sh', ['hack/tool.sh', 'hack/list.txt']],
        ['commands in a word', 'RUN sh -ec "cd hack && cat list.txt"', ['hack/list.txt']],
        ['the exec form', 'RUN ["/bin/sh", "-c", "cat hack/list.txt"]', ['hack/list.txt']],
        ['redirected input', 'RUN sort < hack/list.txt', ['hack/list.txt']],
        ['a command in a command', 'RUN echo "$(cat hack/list.txt)"', ['hack/list.txt']],
        ['an edit with a value that only the build knows', 'RUN sed -i "s/x/$Y/" hack/list.txt', ['hack/list.txt']],
        ['a pattern', 'RUN cat hack/*.txt', ['hack/list.txt']],
        ['by absolute path', 'RUN cat /src/hack/list.txt /etc/passwd', ['hack/list.txt']],
        ['by an option', 'RUN diff --from-file=hack/list.txt /dev/null', ['hack/list.txt']],
        ['a folder', 'RUN grep -r x hack && find hack -type f', ['hack/list.txt', 'hack/tool.sh']],
        ['nothing by words that are not files', 'RUN echo hack && apk add hack && mkdir -p hack', []],
        ['nothing elsewhere', 'RUN cat /usr/share/$X/hack && cp /bin/sh /out', []],
        ['nothing of a loop', 'RUN for x in hack docs; do echo $x; done', []],
      ] as const
    ).map(([name, run, more]): readonly [string, Files, readonly string[]] => [
      `what a RUN names: ${name}`,
      { Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver', run) },
      [...driverFiles, ...more],
    ]),
    [
      'after cd',
      { Dockerfile: goDockerfile('RUN cd hack && cat list.txt && cd ../cmd && go build -o /bin/driver ./driver') },
      [...driverFiles, 'hack/list.txt'],
    ],
    [
      'a second program',
      { Dockerfile: goDockerfile('RUN go build -o /bin/ ./cmd/driver ./cmd/launcher') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'all programs below a folder',
      { Dockerfile: goDockerfile('RUN go build -o /bin/ ./cmd/...') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'a program by import path',
      { Dockerfile: goDockerfile('RUN go install example.com/fork/cmd/driver example.com/fork/cmd/launcher') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'a profile that Go takes by itself',
      { 'cmd/driver/default.pgo': 'profile', 'lib/default.pgo': 'profile' },
      [...driverFiles, 'cmd/driver/default.pgo'],
    ],
    [
      'licences, where go-licenses is run',
      {
        Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver && go-licenses csv ./cmd/driver'),
        LICENSE: 'l',
        'lib/LICENSE.txt': 'l',
        'docs/LICENSE': 'l',
      },
      [...driverFiles, 'LICENSE', 'lib/LICENSE.txt'],
    ],
    ['a folder whose files are not Go', { 'lib/lib.go': '<<<<<<< HEAD\n' }, [...driverFiles, 'lib/data.txt']],
    [
      'what a later stage takes by name from the builder',
      { Dockerfile: `${goDockerfile()}COPY --from=builder /src/hack/list.txt /\n` },
      [...driverFiles, 'hack/list.txt'],
    ],
  ];
  it.each(cases)('%s', async (_, files, expected) => {
    const key = await keyOf({ ...fork, ...files }, driver);
    expect(key.contextLines).toEqual([]);
    expect([...inputs(key)].sort()).toEqual([...expected].sort());
  });

  const undecided: readonly (readonly [string, Files, RegExp])[] = [
    ['make', { Dockerfile: goDockerfile('RUN make driver') }, /line 6: what `make` reads/],
    ['tests', { Dockerfile: goDockerfile('RUN go test ./...') }, /line 6: what `go test` reads/],
    ['generated code', { Dockerfile: goDockerfile('RUN go generate ./...') }, /go generate/],
    ['a package that only the build knows', { Dockerfile: goDockerfile('RUN go build ./cmd/$NAME') }, /cmd\/\$NAME/],
    ['a file that only the build knows', { Dockerfile: goDockerfile('RUN cp $FILE /x') }, /\$FILE/],
    ['a program that is not known', { Dockerfile: goDockerfile('RUN terraform init') }, /`terraform`/],
    ['names from a pipe', { Dockerfile: goDockerfile('RUN cat list | xargs cat') }, /`xargs`/],
    ['a loop over files', { Dockerfile: goDockerfile('RUN for x in hack/*; do cat $x; done') }, /\$x/],
    ['a script that is not there', { Dockerfile: goDockerfile('RUN ./made.sh') }, /\.\/made\.sh/],
    ['a program that was built', { Dockerfile: goDockerfile('RUN /bin/driver --selftest') }, /\/bin\/driver/],
    [
      'a script that runs itself',
      { Dockerfile: goDockerfile('RUN ./hack/x.sh'), 'hack/x.sh': './hack/x.sh\nmake\n' },
      /hack\/x\.sh: what `make`/,
    ],
    ['the folder itself', { Dockerfile: goDockerfile('RUN ls') }, /ls holds everything/],
    ['a folder that only the build knows', { Dockerfile: goDockerfile('RUN cd $X && ls') }, /cd \$X/],
    ['everything copied by a RUN', { Dockerfile: goDockerfile('RUN cp -r . /x') }, /holds everything/],
    [
      'a script in another language',
      { Dockerfile: goDockerfile('RUN <<EOF', '#!/usr/bin/env python3', 'EOF') },
      /python3/,
    ],
    ['no go.mod', { 'go.mod': { link: '/dev/null' }, 'README.md': '' }, /./],
    [
      'everything in the image',
      { Dockerfile: 'FROM golang\nCOPY . .\nRUN go build ./cmd/driver' },
      /into the image itself/,
    ],
    ['no Go files', { 'cmd/driver/main.go': { submodule: '1'.repeat(40) } }, /./],
  ];
  it.each(undecided)('are all files for %s, with the reason', async (name, files, reason) => {
    const own = name === 'no go.mod' ? { ...fork, 'go.mod': undefined } : { ...fork, ...files };
    const there = Object.fromEntries(
      Object.entries(own).flatMap(([path, content]) => (content === undefined ? [] : [[path, content]])),
    );
    const image =
      name === 'no Go files' ? { inputs: { kind: 'go', mainPackage: './docs', paths: [] } as const } : driver;
    const key = await keyOf(there, image);
    expect(inputs(key)).toContain('docs/index.html');
    expect(key.notes.join('\n')).toMatch(reason);
    expect(key.notes.join('\n')).toContain('the whole context is an input');
  });

  it('are found whatever a RUN says, and never fewer than without it', async () => {
    const piece = fc.constantFrom(
      ...[
        'cat ',
        'go build ',
        './cmd/launcher ',
        'sh -c ',
        'hack',
        '/tool.sh ',
        'cd ',
        '&& ',
        '; ',
        '$(',
        ')',
        '"',
        "'",
        '`',
        '$X ',
        '..',
        '/ ',
      ],
      ...['GOOS=', 'linux ', '-tags ', 'GOFLAGS=', 'export ', 'for ', '<', '* ', '\\\n', '<<E ', '\nE\n', '[', 'make '],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 20 }), async (pieces) => {
        const run = `RUN go build -o /bin/driver ./cmd/driver\nRUN ${pieces.join('')}`;
        const key = await keyOf({ ...fork, Dockerfile: goDockerfile(run) }, driver);
        // Text with a line break may say anything, even that the stage is another one.
        if (!/[\n\r]/.test(pieces.join(''))) expect(inputs(key)).toEqual(expect.arrayContaining([...driverFiles]));
        expect(key.key).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('are found for each platform', async () => {
    const files = {
      ...fork,
      'lib/x_arm64.go': 'package lib\nimport _ "example.com/fork/arm"\n',
      'lib/x_amd64.go': 'package lib\n',
      'arm/arm.go': 'package arm\n',
    };
    const both = await keyOf(files, driver, { platforms: ['linux/amd64', 'linux/arm64'] });
    const all = ['lib/x_arm64.go', 'lib/x_amd64.go'];
    expect(inputs(both)).toEqual(expect.arrayContaining([...all, 'arm/arm.go']));
    // The files of a package count whatever their constraints say, but what they import only where it could be compiled.
    const one = inputs(await keyOf(files, driver));
    expect(one).toEqual(expect.arrayContaining(all));
    expect(one).not.toContain('arm/arm.go');
  });

  it('take a hint from the catalog', async () => {
    const image = { inputs: { kind: 'go', mainPackage: './cmd/driver', paths: ['hack', '!**/*.sh'] } } as const;
    expect(inputs(await keyOf(fork, image))).toEqual([...driverFiles, 'hack/list.txt'].sort());
  });
});

describe('the inputs of other images', () => {
  it('are what the Dockerfile copies', async () => {
    const files = { ...fork, Dockerfile: 'FROM x\nCOPY hack/*.txt docs /x/\n' };
    expect(inputs(await keyOf(files))).toEqual(['docs/index.html', 'hack/list.txt']);
  });

  it('are the paths that the catalog names, and what is copied by name', async () => {
    const files = {
      ...fork,
      Dockerfile: 'FROM x AS b\nCOPY . .\nRUN npm ci\nFROM y\nCOPY config /c\nCOPY --from=b /o /o',
    };
    const image = { inputs: { kind: 'paths', globs: ['docs', 'hack/**', '!hack/*.sh'] } } as const;
    expect(inputs(await keyOf(files, image))).toEqual(['config/a.json', 'docs/index.html', 'hack/list.txt']);
    const typo = { inputs: { kind: 'paths', globs: ['dosc'] } } as const;
    expect((await keyOf(files, typo)).notes).toContain('inputs.paths matches no file');
  });

  it('are found where the Dockerfile and the ignore rules are links', async () => {
    const files = {
      Dockerfile: { link: 'docker/plain' },
      'docker/plain': 'FROM x\nCOPY . /\n',
      '.dockerignore': { link: './rules' },
      rules: 'b\n',
      a: '',
      b: '',
    };
    const key = await keyOf(files);
    expect(inputs(key)).toEqual(['.dockerignore', 'Dockerfile', 'a', 'docker/plain', 'rules']);
    expect(key.lines.filter((line) => /^(dockerfile|ignore) /.test(line)).map((line) => line.split('\t')[0])).toEqual([
      'dockerfile docker/plain',
      'ignore rules',
    ]);
    expect(key.unresolvedBases).toEqual([]);
  });

  it('report a submodule of which a part is copied', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY sub/a/b /\nCOPY sub*/c /c\n', sub: { submodule: '1'.repeat(40) } };
    const key = await keyOf(files);
    expect(key.notes).toEqual(['sub is a submodule whose files are not here']);
    expect(inputs(key)).toEqual(['sub']);
  });

  it('report submodules', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY sub /', sub: { submodule: '1'.repeat(40) } };
    const key = await keyOf(files);
    expect(inputs(key)).toEqual(['sub']);
    expect(key.notes).toEqual(['sub is a submodule whose files are not here']);
  });

  it('report ignore rules that can not be read', async () => {
    const key = await keyOf({ Dockerfile: 'FROM scratch\nCOPY . /', '.dockerignore': '[x\n', x: '' });
    expect(inputs(key)).toContain('x');
    expect(key.notes[0]).toMatch(/\.dockerignore is not used: line 1/);
  });
});

it('`COPY ./* ./` of a module without folders takes what its package needs, and no more', async () => {
  const files = { 'go.mod': 'module example.com/flat\n', 'go.sum': '', 'main.go': 'package main\n\nfunc main() {}\n' };
  const flat = `FROM ${golang} AS b\nWORKDIR /s\nCOPY ./* ./\nRUN go build -o /out .\nFROM scratch\nCOPY --from=b /out /out\n`;
  const image = { inputs: { kind: 'go', mainPackage: '.', paths: [] } } as const;
  const key = await keyOf({ ...files, Dockerfile: flat, 'README.md': '', 'main_test.go': 'package main\n' }, image);
  expect(inputs(key)).toEqual(Object.keys(files));
  expect(key.notes).toEqual([]);
});
