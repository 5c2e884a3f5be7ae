import { describe, expect, it } from 'vitest';
import { BuildState } from '../../src/report/buildState';

function after(names: readonly string[], state: 'done' | 'cached' = 'done'): BuildState {
  const build = new BuildState(() => 0);
  for (const name of names) {
    const event = { kind: 'step', id: name, name, startedAt: 1, endedAt: 2, error: undefined } as const;
    build.event('driver', { ...event, state: 'running' });
    build.event('driver', { ...event, state });
    // BuildKit says it more than once.
    build.event('driver', { ...event, state });
  }
  return build;
}

describe('BuildState', () => {
  it.each([
    ['[2/3] RUN x', 1],
    ['[builder 2/3] COPY . .', 1],
    ['[linux/arm64 stage-1 2/3] RUN x', 1],
    ['[builder 1/3] FROM docker.io/library/golang', 0],
    ['[internal] load build definition from Dockerfile', 0],
    ['exporting to image', 0],
  ])('%s counts as %i step of the Dockerfile', (name, count) => {
    expect(after([name]).images[0]?.stepsDone).toBe(count);
    expect(after([name], 'cached').images[0]?.stepsCached).toBe(count);
  });

  it.each([
    ['the last to start', ['[a 1/2] RUN x', '[b 1/2] RUN y'], '[b 1/2] RUN y'],
    ['not housekeeping', ['[2/3] RUN x', '[internal] load .dockerignore'], '[2/3] RUN x'],
    ['housekeeping when there is nothing else', ['[internal] load .dockerignore'], '[internal] load .dockerignore'],
    ['exporting', ['[internal] x', 'exporting to image'], 'exporting to image'],
  ])('the step that is shown is %s', (_, names, expected) => {
    const build = new BuildState(() => 0);
    for (const name of names) {
      build.event('driver', {
        kind: 'step',
        id: name,
        name,
        state: 'running',
        startedAt: 1,
        endedAt: undefined,
        error: undefined,
      });
    }
    expect(build.images[0]?.step?.name).toBe(expected);
  });
});
