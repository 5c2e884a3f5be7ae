import { createRepository, type TestRepository } from '../__tests__/support/fork';

/** The eight images of Kubeflow Pipelines; apiserver carries the digests of driver and launcher. */
export const imageNames = [
  'driver',
  'launcher',
  'apiserver',
  'cacheserver',
  'persistenceagent',
  'scheduledworkflow',
  'viewercontroller',
  'visualization',
] as const;

export type ImageName = (typeof imageNames)[number];

/** `count` images, KFP's eight first. */
export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => imageNames[index] ?? `image${index}`);
}

/** A git repository with a Dockerfile for each of the eight images and a catalog. */
export interface Fork extends TestRepository {
  readonly head: string;
}

/** Eight Go programs that share one library of `packages` packages and Go's own for HTTP and JSON, as KFP's share about a thousand. `go`, `base`: images to start from. */
export function compileFork(go: string, base: string, packages: number): Promise<Fork> {
  const files: Record<string, string> = { 'go.mod': 'module example.com/bench\n\ngo 1.21\n' };
  for (let index = 0; index < packages; index += 1) files[`lib/p${index}/p.go`] = libraryPackage(index);
  const library = range(packages, (index) => `\tp${index} "example.com/bench/lib/p${index}"`);
  files['lib/all.go'] =
    `package lib\n\nimport (\n\t"encoding/json"\n\t"net/http"\n\n${library}\n)\n\n` +
    `func All() int {\n\treturn ${range(packages, (index) => `p${index}.Sum()`, ' + ')} + served()\n}\n\n` +
    // Every program of KFP speaks HTTP and JSON, so each of them compiles that part of Go's own library too.
    `func served() int {\n\tbody, err := json.Marshal(http.Header{"Accept": {"*/*"}})\n` +
    `\tif err != nil {\n\t\tif _, err = http.Get("http://127.0.0.1/"); err != nil {\n\t\t\treturn -1\n\t\t}\n\t}\n` +
    `\treturn len(body)\n}\n`;
  for (const name of imageNames) {
    files[`cmd/${name}/main.go`] = mainPackage(name, 'first');
    files[`docker/Dockerfile.${name}`] = [
      `FROM ${go} AS builder`,
      'WORKDIR /src',
      'COPY . .',
      `RUN CGO_ENABLED=0 go build -o /bin/app ./cmd/${name}`,
      `FROM ${base}`,
      'COPY --from=builder /bin/app /bin/app',
      ...boundLines(name),
      'ENTRYPOINT ["/bin/app"]',
      '',
    ].join('\n');
  }
  return make(files, (name) => ['inputs:', `  go: ./cmd/${name}`, 'cacheMounts: [/root/.cache/go-build, /go/pkg/mod]']);
}

/** A Go program that says which one it is. */
export function mainPackage(name: string, word: string): string {
  return `package main\n\nimport "example.com/bench/lib"\n\nfunc main() {\n\tprintln("${name} ${word}", lib.All())\n}\n`;
}

/** Images (KFP's eight by default), each of which runs one shell command and has no other work. */
export function shellFork(
  base: string,
  command: (name: string) => string,
  names: readonly string[] = imageNames,
): Promise<Fork> {
  const files: Record<string, string> = {};
  for (const name of names) {
    files[`src/${name}.txt`] = `${name}\n`;
    files[`docker/Dockerfile.${name}`] = [
      `FROM ${base}`,
      `COPY src/${name}.txt /`,
      `RUN ${command(name)}`,
      ...boundLines(name),
      '',
    ].join('\n');
  }
  return make(files, () => [], names);
}

/** The eight images, each of one file alone: nothing runs in them, so that any builder builds them for any platform. */
export function copyFork(): Promise<Fork> {
  const files: Record<string, string> = {};
  for (const name of imageNames) {
    files[`src/${name}.txt`] = `${name}\n`;
    files[`docker/Dockerfile.${name}`] = ['FROM scratch', `COPY src/${name}.txt /`, ...boundLines(name), ''].join('\n');
  }
  return make(files, () => []);
}

/** How apiserver gets the names of the images that it starts: by a build argument, where the builder gives one. */
function boundLines(name: string): readonly string[] {
  if (name !== 'apiserver') return [];
  return ['V2_DRIVER_IMAGE', 'V2_LAUNCHER_IMAGE'].flatMap((variable) => [
    `ARG ${variable}=`,
    `ENV ${variable}=$${variable}`,
  ]);
}

async function make(
  files: Readonly<Record<string, string>>,
  more: (name: string) => readonly string[],
  names: readonly string[] = imageNames,
): Promise<Fork> {
  const entries = names.flatMap((name) => [
    `  ${name}:`,
    `    dockerfile: docker/Dockerfile.${name}`,
    ...more(name).map((line) => `    ${line}`),
    ...(name === 'apiserver' ? ['    bind: { V2_DRIVER_IMAGE: driver, V2_LAUNCHER_IMAGE: launcher }'] : []),
  ]);
  const repository = await createRepository();
  const head = await repository.commit('Made for the bench', {
    ...files,
    'kfp-images.yaml': ['version: 1', 'images:', ...entries, ''].join('\n'),
  });
  return { ...repository, head };
}

/** Enough for a compiler to do: loops, closures, maps, a few types of the standard library. */
function libraryPackage(index: number): string {
  const functions = range(40, (each) =>
    [
      `func f${each}(words []string, limit int) (total int) {`,
      '\tcounts := map[string]int{}',
      '\tfor at, word := range words {',
      `\t\tif len(word)%${each + 2} == ${index % 7} { continue }`,
      `\t\tcounts[strings.ToUpper(word)+strconv.Itoa(at*${each + index})] += at`,
      '\t\tdefer func() { total += counts[word] }()',
      '\t}',
      `\tsort.Slice(words, func(a, b int) bool { return counts[words[a]] < counts[words[b]]+${each} })`,
      `\tif len(counts) > limit { return len(counts) * ${each} }`,
      `\treturn len(counts) * ${each}`,
      '}',
      '',
    ].join('\n'),
  );
  const sum = range(40, (each) => `f${each}(words, ${each})`, ' + ');
  return (
    `package p${index}\n\nimport (\n\t"sort"\n\t"strconv"\n\t"strings"\n)\n\n${functions}\n` +
    `func Sum() int {\n\twords := []string{"a", "b"}\n\treturn ${sum}\n}\n`
  );
}

function range(count: number, line: (index: number) => string, separator = '\n'): string {
  return Array.from({ length: count }, (_, index) => line(index)).join(separator);
}
