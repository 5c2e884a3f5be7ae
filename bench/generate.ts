import { mkdir } from 'node:fs/promises';
import { converse } from '../src/system/exec';
import { git, gitCommand } from '../src/git/gitCommand';
import type { CatalogImage } from '../src/types';

/** How large a generated repository is. */
export interface Size {
  readonly files: number;
  readonly images: number;
}

/*
 * Shares as in kubeflow/pipelines at 7b70c7b95f: a fifth of the files are Go (a fifth of those tests), the others
 * documents, Python, manifests; five files in a folder; seven of eight images are Go and copy everything, the eighth
 * copies one folder. Files are smaller than there (1 KB for 11), so that a hundred thousand of them can be made in
 * seconds; a driver reads only the head of a Go file anyway, and nothing at all of the others.
 */
const goShare = 0.2;
const perFolder = 5;
const importsPerPackage = 3;

/** Makes a bare git repository with one commit, the same for the same size, in an empty folder. Gives its images. */
export async function generateRepository(directory: string, size: Size): Promise<readonly CatalogImage[]> {
  await mkdir(directory, { recursive: true });
  await git(directory, 'make a repository', ['init', '--quiet', '--bare', '--initial-branch=main']);
  const importer = converse(gitCommand(directory, ['fast-import', '--quiet'], { gitDir: directory }));
  importer.say('commit refs/heads/main\ncommitter Bench <bench@example.com> 1767614400 +0000\ndata 4\nmade\n');
  for (const [path, content] of files(size)) {
    const bytes = Buffer.from(content);
    importer.say(`M 100644 inline ${path}\ndata ${bytes.length}\n`);
    importer.say(bytes);
    importer.say('\n');
  }
  const status = await importer.close();
  if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  return Array.from({ length: size.images }, (_, index) => image(index));
}

function isGo(index: number): boolean {
  return index % 8 !== 7;
}

function image(index: number): CatalogImage {
  return {
    name: `image${index}`,
    dockerfile: `docker/Dockerfile.${index}`,
    context: '.',
    repository: `image${index}`,
    target: undefined,
    inputs: isGo(index) ? { kind: 'go', mainPackage: `./cmd/image${index}`, paths: [] } : { kind: 'dockerfile' },
    cacheMounts: [],
    buildArgs: {},
    bind: {},
    deploy: undefined,
  };
}

function* files({ files: count, images }: Size): Generator<readonly [string, string]> {
  yield ['.dockerignore', '.git\n**/node_modules\n*.md\ndocker\ndist\n!dist/keep\n'];
  yield ['go.mod', 'module example.com/made\n\ngo 1.26\n'];
  yield ['go.sum', ''];
  const packages = Math.max(1, Math.round((count * goShare) / perFolder));
  let made = 3;
  for (let index = 0; index < images; index++) {
    yield [`docker/Dockerfile.${index}`, isGo(index) ? goDockerfile(index) : plainDockerfile(index)];
    made += 1;
    if (!isGo(index)) continue;
    const imports = [1, 2, 3].map((step) => (index * 7919 + step * 104_729) % packages);
    yield [`cmd/image${index}/main.go`, goFile('main', imports)];
    made += 1;
  }
  for (let index = 0; index < packages; index++) {
    // Only lower numbers are imported, so there is no circle; numbers near by more often, as in real code.
    const imports = Array.from(
      { length: importsPerPackage },
      (_, step) => index - 1 - ((index * 31 + step * 977) % 60),
    );
    for (let file = 0; file < perFolder; file++) {
      const name = file === perFolder - 1 ? 'x_test.go' : `x${file}.go`;
      yield [`lib/group${index % 50}/p${index}/${name}`, goFile(`p${index}`, file === 0 ? imports : [])];
      made += 1;
    }
  }
  for (let index = 0; made < count; index++, made++) {
    const folder = `docs/area${index % 97}/topic${Math.floor(index / perFolder)}`;
    yield [`${folder}/file${index % perFolder}.${index % 2 === 0 ? 'py' : 'yaml'}`, `# ${index}\n${filler}`];
  }
}

const filler = 'Text that stands for the rest of the file, whatever it says.\n'.repeat(16);

function goFile(name: string, imports: readonly number[]): string {
  const paths = [...new Set(imports)].filter((index) => index >= 0).map((index) => importPath(index));
  return `// Made by bench/generate.ts.\n\npackage ${name}\n\nimport (\n\t"fmt"\n${paths.join('')})\n\n/*\n${filler}*/\nvar _ = fmt.Sprint\n`;
}

function importPath(index: number): string {
  return `\t_ "example.com/made/lib/group${index % 50}/p${index}"\n`;
}

function goDockerfile(index: number): string {
  return [
    'FROM golang:1.26@sha256:' + '0'.repeat(64) + ' AS builder',
    'WORKDIR /src',
    'COPY go.mod go.sum ./',
    'RUN go mod download',
    'COPY . .',
    `RUN CGO_ENABLED=0 GOOS=linux go build ${index % 4 === 0 ? '-tags netgo ' : ''}-o /bin/app ./cmd/image${index}/*.go`,
    'FROM alpine:3.21',
    'COPY --from=builder /bin/app /bin/app',
    'ENTRYPOINT ["/bin/app"]',
    '',
  ].join('\n');
}

function plainDockerfile(index: number): string {
  return `FROM python:3.11-slim\nWORKDIR /src\nCOPY docs/area${index % 97} /src\nCMD ["python3", "server.py"]\n`;
}
