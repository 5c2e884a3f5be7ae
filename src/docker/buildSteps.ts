/**
 * Did a line of the Dockerfile ask for a step of that name? `[3/5] RUN …`, `[builder 3/5] RUN …`, `[linux/arm64 builder 3/5] RUN …`; not a
 * base image (`FROM …`), and not what BuildKit adds of its own.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go (prefixCommand)
 */
export function isDockerfileStep(name: string): boolean {
  return /^\[(?:[^\]]+ )?\d+\/\d+\] (?!FROM )/.test(name);
}
