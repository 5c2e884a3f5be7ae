/** A Dockerfile made of parts that the parser has to tell apart; the same one for the same seed. */
export function randomDockerfile(seed: number): string {
  const random = generator(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const one = (...items: readonly string[]): string => items[below(items.length)] ?? '';
  const some = (most: number, make: () => string, between: string): string =>
    Array.from({ length: 1 + below(most) }, make).join(between);
  const escape = one('\\', '\\', '\\', '`');
  const name = (): string =>
    one('A', 'A', 'B', 'B', 'C', 'C', 'TARGETARCH', ...(below(9) === 0 ? ['BUILDARCH', 'PATH'] : []));
  const variable = (): string =>
    one(
      ...[`$${name()}`, `\${${name()}}`, `\${${name()}:-d}`, `\${${name()}-e}`, `\${${name()}:+f}`, `\${${name()}+g}`],
      ...[`\${${name()}:-\${${name()}}}`, `\${${name()}#a}`, `\${${name()}/a/b}`, `${escape}$${name()}`],
    );
  const plain = (): string => one('a', 'b', 'src', 'cmd', 'x.txt', 'lib', '.', '..', '*', '*.go', '[ab]', 'c?');
  const segment = (): string => one(plain(), plain(), plain(), variable(), `${plain()}${variable()}`);
  const quoted = (text: string): string => one(text, text, text, text, `"${text}"`, `'${text}'`, `${escape}${text}`);
  const path = (): string => quoted(`${one('', '', '', '/', './')}${some(3, segment, '/')}`);
  const value = (): string => quoted(one('x', 'src/a', 'y z', '', variable(), `p${variable()}`));
  const assignment = (): string => `${name()}=${value().replace(/^([^"']* .*)$/, '"$1"')}`;
  const gap = (): string => one(' ', ' ', ' ', '  ', '\t', ` ${escape}\n  `, ` ${escape} \n# comment\n\n `);
  const stage = (): string => one('one', 'two', 'three', 'ONE', '0', '1');
  const from = (): string =>
    one('', '', '', '', '--from= ', `--from=${stage()} `, '--from=alpine ', '--link ', '--chown=1:1 ');
  const keyword = (text: string): string => one(text, text, text, text.toLowerCase());
  const copy = (): string => {
    const flags = `${from()}${one('', '', '', '--exclude=x ', '--parents ', '--chmod=755 ')}`;
    if (below(6) === 0) return `${flags}["${some(2, () => path().replace(/["'\\`]/g, ''), '", "')}", "/to/"]`;
    if (below(8) === 0) return `${flags}<<E${gap()}${path()}${gap()}/to/\nCOPY no /no\nE`;
    return `${flags}${some(3, path, gap())}${gap()}${one('/to/', './', '/to/$A/')}`;
  };
  const mount = (): string =>
    `--mount=${one('', '"')}`.replace(/"$/, '') +
    some(
      3,
      () =>
        one(
          ...[
            'type=bind',
            'type=BIND',
            'type=cache',
            'type=tmpfs',
            'type=$A',
            `source=${path().replace(/[ "'`\\]/g, '')}`,
          ],
          ...[`src=src/${variable().replace(/[`\\]/g, '')}`, 'from=', `from=${stage()}`, 'ro', 'Source=lib'],
        ),
      ',',
    ) +
    `,target=/m${below(9)}`;
  const run = (): string =>
    one(
      ...[
        'true',
        'echo "<<E"',
        "echo 'x <<E' y",
        'echo a<<b',
        'echo "it is"',
        `${mount()} true`,
        `${mount()} ${mount()} true`,
      ],
      ...[
        `<<E\nCOPY no /no\nE`,
        `cat <<-E <<"F"\n\tone\n\tE\nCOPY no /no\nF`,
        '["echo", "<<E"]',
        `cat << E\nCOPY no /no\nE`,
      ],
      ...[`echo a ${escape}\n# comment\n  b`, `${escape}\necho`, 'echo <<<E'],
    );
  const simple = (): string =>
    one(
      ...[
        `${keyword('COPY')} ${copy()}`,
        `${keyword('COPY')} ${copy()}`,
        `ADD ${copy().replace(/--(from|parents|exclude)\S* /g, '')}`,
      ],
      ...[`ADD ${one('github.com/a/b', 'https://example.com/x', 'HTTP://x', 'git@github.com:a/b.git')} /to/`],
      ...[`${keyword('RUN')}${gap()}${run()}`, `WORKDIR ${path().replace(/\*|\?|\[|\]/g, '')}`],
      ...[`ENV ${some(2, assignment, ' ')}`, `ENV ${name()} ${value()}`, `ENV $A=x`, `USER ${variable()}`],
      ...[`ARG ${some(2, assignment, ' ')}`, `ARG ${name()}`, `ARG ${name()} ${assignment()}`],
      ...['LABEL a="<<E"', 'CMD ["<<E"]', '# comment', '', 'EXPOSE 80', `SHELL ["/bin/sh", "-c"]`],
    );
  const setting = (): string => `${one('ENV', 'ARG')} ${some(2, assignment, ' ')}`;
  const instruction = (): string => {
    const kind = below(12);
    if (kind === 0) return `ONBUILD ${simple() || 'RUN true'}`;
    return kind < 4
      ? setting()
      : kind < 7
        ? `COPY ${some(2, () => `${one('p', 'q')}/${variable()}`, ' ')} /to/`
        : simple();
  };
  const stages = Array.from({ length: 1 + below(3) }, (_, index) => {
    const base = one(
      'alpine',
      'scratch',
      'scratch',
      'scratch',
      'scratch',
      'one',
      'two',
      '${B:-alpine}',
      '$A',
      'golang:1.26',
    );
    const as = ['one', 'two', 'three'][index] ?? 'more';
    return `${keyword('FROM')} ${one('', '', '--platform=$BUILDPLATFORM ')}${base}${one(` AS ${as}`, ` as ${as}`, '')}\n${some(9, instruction, '\n')}`;
  });
  const head = [
    ...(escape === '`' ? ['# escape=`'] : one('', 'x') === 'x' ? ['# escape=\\'] : []),
    ...Array.from({ length: below(3) }, () => `ARG ${one(name(), assignment(), `${assignment()} ${assignment()}`)}`),
  ];
  const end = one('\n', '\n', '\r\n');
  return one('', '', '\ufeff') + [...head, ...stages, ''].join('\n').replaceAll('\n', end);
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
