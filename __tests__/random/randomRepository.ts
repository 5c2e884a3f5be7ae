/** Changes of files: path → content; undefined: it goes. Where the content begins with `#!` the file can be executed. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** A repository of images, and what each commit after the first changes; the same one for the same seed. */
export interface RandomRepository {
  readonly first: Readonly<Record<string, string>>;
  /** Symbolic links of the first commit: path → target. */
  readonly links: Readonly<Record<string, string>>;
  readonly commits: readonly Changes[];
  readonly images: readonly string[];
}

const alpine = 'kfp-images-demo/alpine:3.21';
const golang = 'kfp-images-demo/golang:1.26-alpine';
/** Bases that do something by themselves; the suite makes them. */
export const randomBases = {
  'kfp-images-test/random-onbuild:1': `FROM ${alpine}\nENV WHERE=config\nWORKDIR /work\nONBUILD COPY config/ /config/\nONBUILD RUN cat /config/* > /onbuild\n`,
  'kfp-images-test/random-user:1': `FROM ${alpine}\nRUN mkdir -m 777 /out /work && chown 1000 /work\nUSER 1000\nWORKDIR /work\n`,
} as const;

const module = 'github.com/kubeflow/pipelines';
const folders = ['config', 'data', 'data/deep', 'docs', 'scripts', 'a b', 'lib/one', 'lib/two', 'lib/three'];
const names = ['a.txt', 'b.txt', 'c.json', 'list', 'Ünï.txt', 'x.yaml'];

/** Makes one of `count` images and so many commits beside the first. */
export function randomRepository(seed: number, count: number, commits: number): RandomRepository {
  const random = generator(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const one = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const chance = (outOf: number): boolean => below(outOf) === 0;
  const some = <T>(most: number, make: () => T): readonly T[] => Array.from({ length: 1 + below(most) }, make);

  const files: Record<string, string> = { 'go.mod': `module ${module}\n\ngo 1.22\n`, 'go.sum': '' };
  const text = (): string => some(3, () => `line ${String(below(1000))}`).join('\n') + '\n';
  for (const folder of folders) for (const name of names) if (!chance(3)) files[`${folder}/${name}`] = text();
  for (const file of ['config/a.txt', 'data/a.txt', 'data/deep/a.txt', 'docs/a.txt']) files[file] ??= text();
  const imports = (): string =>
    ['one', 'two', 'three']
      .filter(() => chance(2))
      .map((name) => `\t"${module}/lib/${name}"\n`)
      .join('');
  const goFile = (name: string, may: boolean): string =>
    `package ${name}\n\nimport (\n${may ? imports() : ''})\n\n// ${String(below(1000))}\n`;
  for (const name of ['one', 'two', 'three']) {
    files[`lib/${name}/${name}.go`] = goFile(name, name === 'one');
    if (chance(2)) files[`lib/${name}/${name}_test.go`] = goFile(name, false);
  }
  for (const name of ['x', 'y']) files[`cmd/${name}/main.go`] = goFile('main', true);
  const known = (): string => one(Object.keys(files).filter((path) => !path.includes(' ')));
  const folder = (): string => one(folders.filter((path) => !path.includes(' ')));

  /** A command that reads the tree, from where it is. */
  const reads = (): string => {
    const [file, dir, number] = [known(), folder(), String(below(100))];
    return one([
      `cat ${file} > /out/f${number}`,
      `cp ${file} /out/`,
      `cp -r ${dir} /out/`,
      `cat ${dir}/*.txt > /out/t${number}`,
      `for f in ${dir}/*; do [ -f "$f" ] && cat "$f" >> /out/all; done; true`,
      `if [ -f ${file} ]; then echo yes; else echo no; fi > /out/is${number}`,
      `[ -e ${dir}/b.txt ] && cat ${dir}/b.txt > /out/b${number} || true`,
      `D=${dir} && cat $D/a.txt > /out/d${number} || true`,
      `cat $(ls ${dir} | sort | head -n 1 | sed "s#^#${dir}/#") > /out/first 2>/dev/null || true`,
      `cat \`echo ${file}\` > /out/g${number}`,
      `find . -name '*.txt' | sort > /out/list${number}`,
      `find ${dir} -type f | sort | xargs cat > /out/x${number}`,
      `ls ${dir} > /out/ls${number}`,
      `cd ${dir} && (cat a.txt || true) > /out/cd${number}`,
      `tar -c ${dir} | tar -t | sort > /out/tar${number}`,
      `sh scripts/run.sh ${file} > /out/run${number}`,
      `./scripts/run.sh > /out/own${number} || true`,
      `sed -n 1p ${file} > /out/sed${number}`,
      `wc -l < ${file} > /out/wc${number}`,
      `case ${dir} in config) cat config/a.txt ;; *) echo none ;; esac > /out/case${number}`,
      `grep -rl line ${dir} | sort > /out/grep${number} || true`,
      `eval "cat ${file}" > /out/eval${number}`,
      `sh -c 'cat ${file}' > /out/sh${number}`,
      `test -d ${dir} && echo there > /out/td${number}`,
      `X=\${X:-${file}}; cat "$X" > /out/v${number}`,
      `while read l; do echo "$l"; done < ${file} > /out/w${number}`,
      `ln -s ${file} l${number} && cat l${number} > /out/ln${number}`,
      `mv ${file} moved${number} && cat moved${number} > /out/mv${number}`,
      `rm -rf docs && ls > /out/rest${number}`,
      `printf '%s' "$(cat ${file})" > /out/p${number}`,
    ]);
  };
  const copies = (): string => {
    const [file, dir] = [known(), folder()];
    return one([
      'COPY . .',
      'COPY ./* ./',
      `COPY ${dir} ${dir}`,
      `COPY ${dir}/ ./${dir}/`,
      `COPY ${file} ./${file}`,
      `COPY config/*.txt data/*.txt ./`,
      `COPY ["a b/", "./a b/"]`,
      `ADD ${dir} ./${dir}/`,
      `COPY --chmod=755 ${file} /out/copied`,
    ]);
  };
  const run = (): string => {
    const commands = some(2, reads).join(' && ');
    return one([
      `RUN ${commands}`,
      // What is missing is passed over: only the files tell.
      `RUN (${commands}) || true`,
      `RUN for i in 1; do ${commands} || continue; done; true`,
      `RUN if ${commands}; then :; fi`,
      `RUN set -e; ${commands.replaceAll(' && ', '; ')}`,
      `RUN <<E\n${commands}\nE`,
      `RUN --mount=type=bind,target=/m cat /m/${known()} > /out/m1`,
      `RUN --mount=type=bind,source=${folder()},target=/m ls /m > /out/m2`,
      `ENV FILE=${known()}\nRUN cat $FILE > /out/env 2>/dev/null || echo none > /out/env`,
      `ARG DIR=${folder()}\nRUN ls $DIR > /out/arg`,
    ]);
  };

  const images = Array.from({ length: count }, (_, index) => `i${String(index)}`);
  const inputsOf: string[] = [];
  for (const name of images) {
    const go = chance(2);
    const main = one(['x', 'y']);
    const base = go ? golang : one([alpine, alpine, ...Object.keys(randomBases)]);
    const lines = [
      `FROM ${base} AS b`,
      ...(base.includes('user') ? [] : ['WORKDIR /src', 'RUN mkdir -p /out']),
      ...(go
        ? [
            'ENV GO_STAND_IN_SECONDS=0',
            one(['COPY . .', 'COPY . .', 'COPY go.mod go.sum ./\nCOPY cmd/ cmd/\nCOPY lib/ lib/', 'COPY ./* ./']),
          ]
        : some(3, copies)),
      ...(chance(4) ? [] : some(3, run)),
      ...(go ? [`RUN go build -o /out/${main} ./cmd/${main}`] : []),
      `FROM ${one([alpine, 'scratch', 'scratch'])}`,
      `COPY --from=b ${one(['/out', '/out', '/out/'])} /result/`,
      ...(chance(3) ? [`COPY ${one([known(), folder()])} /direct/`] : []),
      '',
    ];
    files[`${name}/Dockerfile`] = lines.join('\n');
    const inputs = go ? `, inputs: { go: ./cmd/${main} }` : chance(8) ? ', inputs: context' : '';
    inputsOf.push(`  ${name}: { dockerfile: ${name}/Dockerfile${inputs} }\n`);
  }
  files['scripts/run.sh'] =
    `#!/bin/sh\n${some(2, () => `cat ${known()} || true`).join('\n')}\n[ -z "$1" ] || cat "$1"\n`;
  files['kfp-images.yaml'] = `version: 1\nimages:\n${inputsOf.join('')}`;
  if (chance(2)) {
    files['.dockerignore'] =
      some(3, () => one(['docs', '**/*.json', 'data/deep', '*.md', '!docs/a.txt', 'i?/'])).join('\n') + '\n';
  }
  const links: Record<string, string> = chance(2) ? { 'data/link': one(['a.txt', '../config', 'nowhere']) } : {};

  const changes = Array.from({ length: commits }, (): Changes => {
    const changed: Record<string, string | undefined> = {};
    for (const path of some(2, () => one(Object.keys(files)))) {
      if (/Dockerfile|yaml$|go\.mod|run\.sh|\.dockerignore/.test(path)) continue;
      if (path.endsWith('.go')) changed[path] = `${files[path] ?? ''}// ${String(below(1000))}\n`;
      else if (chance(6)) changed[path] = undefined;
      else changed[path] = text();
    }
    if (chance(3)) changed[`${folder()}/new.txt`] = text();
    for (const [path, content] of Object.entries(changed)) {
      if (content === undefined) Reflect.deleteProperty(files, path);
      else files[path] = content;
    }
    return changed;
  });
  const first = { ...files };
  // What was changed later is undone, so that the first commit has it as it was.
  return { first: beforeChanges(first, changes), links, commits: changes, images };
}

/** Files that later commits remove are there first; those that they change have some other content first. */
function beforeChanges(files: Readonly<Record<string, string>>, commits: readonly Changes[]): Record<string, string> {
  const first: Record<string, string> = { ...files };
  for (const changes of [...commits].reverse()) {
    for (const [path, content] of Object.entries(changes)) {
      if (content === undefined) first[path] = 'to be removed\n';
      else if (path.endsWith('new.txt')) Reflect.deleteProperty(first, path);
      else first[path] = path.endsWith('.go') ? content.replace(/\/\/ \d+\n$/, '') : 'before\n';
    }
  }
  return first;
}

/** Numbers from 0 to 1 that look random; the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
