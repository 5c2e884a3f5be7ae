import type { RewriteOptions } from '../../src/builder/rewriteDockerfile';

/** What the tests of rewritten Dockerfiles begin with. */
export const options: RewriteOptions = {
  cacheMounts: ['/root/.cache/go-build', '/go/pkg/mod'],
  target: undefined,
  buildArgs: {},
  namespace: 'acme/pipelines',
};

const mod = '--mount=type=cache,id=kfp-images:acme/pipelines:/go/pkg/mod,target=/go/pkg/mod,sharing=shared';
const build =
  '--mount=type=cache,id=kfp-images:acme/pipelines:/root/.cache/go-build,target=/root/.cache/go-build,sharing=locked';

/** Stands for what a rewritten line has more than the original: M the module cache, B the build cache. */
export function short(text: string): string {
  return text.replaceAll(` ${mod}`, ' M').replaceAll(` ${build}`, ' B');
}

/** A Dockerfile with these lines in its builder stage. */
export const go = (...lines: readonly string[]): string =>
  ['FROM golang:1.26 AS builder', ...lines, 'FROM alpine', 'COPY --from=builder /bin/x /bin/x', ''].join('\n');
