import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/dockerfile/instructions';
import { dockerfileUse } from '../../src/dockerfile/contextUse';
import type { DockerfileUse } from '../../src/dockerfile/instructionUse';

interface Options {
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly platform?: string;
}

function use(text: string, { target, buildArgs = {}, platform = 'linux/amd64' }: Options = {}): DockerfileUse {
  return dockerfileUse(parseDockerfile(text), { target, buildArgs }, platform);
}

/** Sources and how everything is copied: `everything:image` … */
function taken(text: string, options: Options = {}): readonly string[] {
  const { sources, everything, undecided } = use(text, options);
  return [
    ...new Set(sources.map((source) => source.path)),
    ...(everything === 'no' ? [] : [`everything:${everything}`]),
    ...undecided.map((reason) => `?${reason}`),
  ];
}

/** Name, Dockerfile, what is expected. */
type Case = readonly [string, string, readonly string[], Options?];

function named([name, text, expected, options]: Case) {
  return { name, text, expected, options };
}

describe('what a Dockerfile takes from its context', () => {
  const cases: readonly Case[] = [
    [
      'a base that may be any stage',
      'ARG A=ab\nFROM a AS b\nCOPY x /\nFROM ${A#a}',
      ['?line 4: FROM ${A#a} may be any stage'],
    ],
    ['files and folders', 'FROM a\nCOPY x ./y/ /z/\nADD v w', ['x', 'y', 'v']],
    ['several flags', 'FROM a\nCOPY --chown=1:1 --chmod=755 --link x /', ['x']],
    ['the exec form', 'FROM a\nCOPY ["a b", "/x/"]', ['a b']],
    ['quotes', 'FROM a\nCOPY "x" \'y\' /', ['x', 'y']],
    ['patterns, as they are', 'FROM a\nCOPY src/*.go /', ['src/*.go']],
    ['paths that climb stay inside', 'FROM a\nCOPY ../x /../y /', ['x', 'y']],
    ['all of it', 'FROM a\nCOPY . .', ['everything:image']],
    ['all of it, written otherwise', 'FROM a\nADD ./ /x\nCOPY / /y\nCOPY a/.. /z', ['everything:image']],
    ['nothing from here-documents', 'FROM a\nCOPY <<EOF x /y/\nhello\nEOF', ['x']],
    ['nothing from downloads', 'FROM a\nADD https://example.com/x /x', []],
    ['by default value', 'FROM a\nARG D=x\nCOPY $D/y /', ['x/y']],
    ['by build argument', 'FROM a\nARG D=x\nCOPY ${D}/y /', ['z/y'], { buildArgs: { D: 'z' } }],
    ['by a global argument that the stage declares', 'ARG D=x\nFROM a\nARG D\nCOPY $D /', ['x']],
    [
      'by the last of ARG and ENV, whichever it is',
      'FROM a\nENV D=x\nARG D=y\nCOPY $D /\nENV D=z\nCOPY $D /',
      ['y', 'z'],
    ],
    ['by ENV, where an ARG without a value follows', 'FROM a\nENV D=x\nARG D\nCOPY $D /', ['x']],
    ['by an ARG that sees the one before it', 'FROM a\nARG A=x B=p$A\nCOPY $B /', ['px']],
    ['by the ARG of the parent stage', 'FROM a AS p\nARG D=x\nFROM p\nCOPY $D /', ['x']],
    [
      'by the ENV of the parent stage, which there has the last word over ARG',
      'FROM a AS p\nENV D=x\nARG D=y\nFROM p\nCOPY $D /',
      ['x'],
    ],
    ['by a name that is made of a variable', 'FROM a\nENV N=D\nENV $N=x\nCOPY $D /', ['x']],
    ['with another escape character', '# escape=`\nFROM a\nENV D=x\nCOPY $D\\y `\n `$D /', ['x\\y', '$D']],
    [
      'an empty --from is the context',
      'FROM a\nCOPY --from= x /\nRUN --mount=from=,source=y,target=/y true',
      ['x', 'y'],
    ],
    ['a mount type in capitals', 'FROM a\nRUN --mount=type=BIND,source=x,target=/m true', ['x']],
    ['a mount whose type is a variable', 'FROM a\nARG T=bind\nRUN --mount=type=$T,source=x,target=/m true', ['x']],
    ['a quoted mount', 'FROM a\nRUN --mount="type=bind,source=x y,target=/m" true', ['x y']],
    [
      'a folder that looks like a repository',
      'FROM a\nADD github.com/a/b /x\nADD HTTP://x /y',
      ['github.com/a/b', 'HTTP:/x'],
    ],
    ['what ends in a known way', 'FROM a\nCOPY a-$D/x b$D/../y.* /', ['**/x', '**/y.*']],
    ['nothing of ONBUILD without a stage that derives', 'FROM a\nONBUILD COPY x /', []],
    ['ONBUILD before all else', 'FROM a AS b\nONBUILD ENV D=x\nFROM b\nCOPY $D /', ['x']],
    ['by the old form of ENV', 'FROM a\nENV D x y\nCOPY "$D" /', ['x y']],
    [
      'by platform',
      'FROM a\nARG TARGETARCH\nARG TARGETVARIANT\nCOPY $TARGETARCH$TARGETVARIANT /',
      ['armv7'],
      { platform: 'linux/arm/v7' },
    ],
    ['ENV of one line does not see itself', 'FROM scratch\nENV A=x\nENV A=y B=$A\nCOPY $B /', ['x']],
    ['ENV of the parent stage', 'FROM a AS p\nENV D=x\nFROM p\nCOPY $D /', ['x']],
    ['not the ENV of another stage', 'FROM a AS p\nENV D=x\nFROM scratch\nCOPY y$D /', ['y']],
    ['undecided: a variable of the base image', 'FROM a\nCOPY $D /', ['?line 2: COPY $D is only known to the build']],
    [
      'undecided: a templated argument',
      'FROM a\nARG D\nCOPY $D /',
      ['?line 3: COPY $D is only known to the build'],
      { buildArgs: { D: '{{sha}}' } },
    ],
    ['only reached stages', 'FROM a AS x\nCOPY x /\nFROM a AS y\nCOPY y /\nFROM a\nCOPY z /', ['z']],
    ['the target', 'FROM a AS x\nCOPY x /\nFROM a AS y\nCOPY y /', ['x'], { target: 'X' }],
    ['the target by number', 'FROM a\nCOPY x /\nFROM a\nCOPY y /', ['x'], { target: '0' }],
    [
      'undecided: a target that is not there',
      'FROM a\nCOPY x /',
      ['x', '?the Dockerfile has no stage "y"'],
      { target: 'y' },
    ],
    [
      'stages by COPY --from, name and number',
      'FROM a AS x\nCOPY x /\nFROM a\nCOPY y /\nFROM b\nCOPY --from=X /1 /1\nCOPY --from=1 /2 /2',
      ['x', 'x/1', 'y', 'y/2'],
    ],
    ['stages by FROM', 'FROM a AS x\nCOPY x /\nFROM x\nCOPY y /', ['x', 'y']],
    ['stages by mount', 'FROM a AS x\nCOPY x /\nFROM b\nRUN --mount=from=x,target=/m true', ['x']],
    ['a bind mount', 'FROM a\nRUN --mount=type=bind,source=x/y,target=/m true', ['x/y']],
    ['a bind mount by default type', 'FROM a\nRUN --mount=src=x,dst=/m --mount=type=cache,target=/c true', ['x']],
    ['a bind mount of everything is gone after its RUN', 'FROM a\nRUN --mount=target=. go build', ['everything:aside']],
    [
      'everything in a stage that is built in',
      'FROM a AS b\nCOPY . /s\nFROM c\nCOPY --from=b /bin/x /',
      ['everything:aside'],
    ],
    ['everything in the parent of the image', 'FROM a AS b\nCOPY . /s\nFROM b', ['everything:image']],
    [
      'what is handed on from there by name',
      'FROM a AS b\nWORKDIR /s\nCOPY . .\nFROM c\nCOPY --from=b /s/conf/x /s/*.txt /',
      ['conf/x', '*.txt', 'everything:aside'],
    ],
    [
      'what is handed on, where the folder is not known',
      'FROM a AS b\nCOPY . .\nFROM c\nCOPY --from=b /app/conf/x /',
      ['app/conf/x', 'conf/x', 'x', 'everything:aside'],
    ],
    [
      'undecided: all that was copied is handed on',
      'FROM a AS b\nWORKDIR /s/t\nCOPY . .\nFROM c\nCOPY --from=b /s /s',
      ['everything:aside', '?line 5: /s of stage b holds everything that was copied there'],
    ],
    [
      'undecided: a pattern above it',
      'FROM a AS b\nCOPY . /s/t\nFROM c\nCOPY --from=b /*/x /s',
      ['everything:aside', '?line 4: /*/x of stage b holds everything that was copied there'],
    ],
    ['ONBUILD counts as done', 'FROM a AS b\nONBUILD COPY x /\nFROM b', ['x']],
    ['undecided: no FROM', 'COPY a b', ['?the Dockerfile has no FROM']],
    [
      "undecided: another frontend than Docker's",
      '# syntax=example.com/x:1\nFROM a\nCOPY x /',
      ['x', "?it is read by another frontend than Docker's: example.com/x:1"],
    ],
    ["Docker's own frontend", '# syntax=docker/dockerfile:1.7-labs\nFROM a\nCOPY x /', ['x']],
  ];
  it.each(cases.map(named))('$name', ({ text, expected, options }) => {
    expect(taken(text, options)).toEqual(expected);
  });
});

describe('base images', () => {
  const cases: readonly Case[] = [
    [
      'as written',
      'FROM golang:1.26@sha256:0 AS b\nFROM alpine\nCOPY --from=b /x /',
      ['alpine', 'golang:1.26@sha256:0'],
    ],
    ['not scratch', 'FROM scratch', []],
    ['not stages', 'FROM a AS b\nFROM B', ['a']],
    ['not of stages that nothing reaches', 'FROM a AS x\nFROM b', ['b']],
    ['with arguments', 'ARG V=1\nARG B=alpine:$V\nFROM $B', ['alpine:1']],
    ['with build arguments', 'ARG B=x\nFROM $B', ['y'], { buildArgs: { B: 'y' } }],
    ['with platform', 'FROM --platform=linux/arm64 a', ['a linux/arm64']],
    ['with the platform of the builder', 'FROM --platform=$BUILDPLATFORM a', ['a $BUILDPLATFORM']],
    ['with the platform of the image', 'FROM --platform=$TARGETPLATFORM a', ['a linux/amd64']],
    ['of COPY --from and mounts', 'FROM a\nCOPY --from=b:1 /x /\nRUN --mount=from=c,target=/c true', ['a', 'b:1', 'c']],
  ];
  it.each(cases.map(named))('$name', ({ text, expected, options }) => {
    const { bases } = use(text, options);
    expect(
      bases.map(({ reference, platform }) => [reference, ...(platform ? [platform] : [])].join(' ')).sort(),
    ).toEqual([...expected].sort());
  });

  it('are unknown where only the build knows their names', () => {
    expect(use('ARG B\nFROM $B\nCOPY --from=$C /x /').unknownBases).toEqual(['$B', '$C']);
    expect(use('# escape=x\nFROM a').unknownBases).toHaveLength(1);
  });
});

describe('what may be hostile', () => {
  it('is answered, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        'FROM a AS b\n',
        'FROM b\n',
        'FROM $X\n',
        'COPY . .\n',
        'COPY --from=b / /x\n',
        'COPY --from=0 ',
        'RUN --mount=',
      ],
      ...[
        'type=bind,',
        'from=b',
        'ARG X',
        'ENV ',
        'X=',
        '$X',
        '${X',
        '"',
        "'",
        '\\\n',
        '\n',
        ' ',
        '<<E',
        'E\n',
        'WORKDIR ',
        '../',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 60 }), (pieces) => {
        expect(use(pieces.join('')).sources).toBeInstanceOf(Array);
      }),
      { numRuns: 3000 },
    );
  });

  it('is refused when it has thousands of stages or instructions', () => {
    expect(() => use('FROM a\n'.repeat(600))).toThrow('more than 500 stages');
    expect(() => use('RUN a\n'.repeat(6000))).toThrow('more than 1000 instructions');
  });
});
