import { contentKeys, type KeyOptions } from '../../src/plan/contentKey';
import type { BuildOptions, CatalogImage, ContentKey } from '../../src/types';
import { catalogImage, memoryTree, type Content } from './memoryTree';

/** Path → content. */
export type Files = Readonly<Record<string, Content>>;

/** The key of one image, with everything at its default but what is given. */
export async function keyOf(
  files: Files,
  image: Partial<CatalogImage> = {},
  options: Partial<KeyOptions> = {},
): Promise<ContentKey> {
  const settings = { platforms: ['linux/amd64'], baseDigest: () => 'sha256:1', ...options };
  const keys = await contentKeys([catalogImage(image)], memoryTree(files), settings);
  const key = keys.get(image.name ?? 'driver');
  if (key === undefined) throw new Error('no key');
  return key;
}

/** What a build is given beside its files: nothing. */
export const noOptions: BuildOptions = {
  secrets: [],
  ssh: [],
  buildContexts: {},
  labels: {},
  annotations: {},
  noCache: false,
  network: undefined,
  addHosts: {},
  shmSize: undefined,
  ulimits: {},
};

/** Paths of the files that are inputs. */
export function inputs({ lines, contextLines }: ContentKey): readonly string[] {
  return [...lines, ...contextLines].flatMap((line) => /^file (.*)\t/.exec(line)?.[1] ?? []);
}

/** A base image that needs no look-up. */
export const golang = `golang:1.26@sha256:${'a'.repeat(64)}`;
/** The Dockerfile of a Go image that copies everything and, in its builder, does `build`. */
export const goDockerfile = (...build: string[]): string =>
  [
    `FROM ${golang} AS builder`,
    'WORKDIR /src',
    'COPY go.mod ./',
    'RUN go mod download',
    'COPY . .',
    ...(build.length > 0 ? build : ['RUN CGO_ENABLED=0 go build -o /bin/driver ./cmd/driver']),
    'FROM alpine:3.21',
    'COPY config /config',
    'COPY --from=builder /bin/driver /bin/driver',
    '',
  ].join('\n');
/** A small fork with one Go image, and much that is none of its business. */
export const fork: Files = {
  '.dockerignore': '*.md\n',
  Dockerfile: goDockerfile(),
  'README.md': 'read me',
  'go.mod': 'module example.com/fork\n\ngo 1.26\n',
  'go.sum': '',
  'cmd/driver/main.go': 'package main\n\nimport _ "example.com/fork/lib"\n\nfunc main() {}\n',
  'cmd/driver/main_test.go': 'package main\n',
  'cmd/launcher/main.go': 'package main\n\nfunc main() {}\n',
  'lib/lib.go': 'package lib\n',
  'lib/data.txt': 'data',
  'config/a.json': '{}',
  'docs/index.html': 'docs',
  'hack/tool.sh': { executable: '#!/bin/sh\ncp hack/list.txt /tmp\n' },
  'hack/list.txt': 'list',
};
export const driver: Partial<CatalogImage> = { inputs: { kind: 'go', mainPackage: './cmd/driver', paths: [] } };
/** What the driver of `fork` is made from. */
export const driverFiles = ['cmd/driver/main.go', 'config/a.json', 'go.mod', 'go.sum', 'lib/lib.go'];
