import { describe, expect, it } from 'vitest';
import { annotationPosition } from '../../src/report/annotations';

describe('annotationPosition', () => {
  it.each([
    [
      'the base name that BuildKit gives',
      { file: 'Dockerfile.driver', line: 3 },
      'backend/Dockerfile.driver',
      '.',
      'backend/Dockerfile.driver',
    ],
    [
      'a Dockerfile from standard input',
      { file: 'Dockerfile', line: 3 },
      'backend/Dockerfile.driver',
      '.',
      'backend/Dockerfile.driver',
    ],
    [
      'a repository in a folder',
      { file: 'Dockerfile', line: 3 },
      'backend/Dockerfile',
      'fork',
      'fork/backend/Dockerfile',
    ],
    ['another file of the repository', { file: 'docs/a.md', line: 3 }, 'backend/Dockerfile', '.', 'docs/a.md'],
    ['an image that is not known', { file: 'Dockerfile', line: 3 }, undefined, '.', 'Dockerfile'],
    ['a path outside', { file: '../x', line: 3 }, 'Dockerfile', '.', undefined],
    ['an absolute path', { file: '/etc/passwd', line: 3 }, 'Dockerfile', '.', undefined],
    ['a folder outside', { file: 'Dockerfile', line: 3 }, 'Dockerfile', '/elsewhere', undefined],
    ['a line that is none', { file: 'Dockerfile', line: 0 }, 'Dockerfile', '.', undefined],
    ['no position', undefined, 'Dockerfile', '.', undefined],
  ])('%s', (_, at, dockerfile, directory, file) => {
    expect(annotationPosition(at, dockerfile, directory)?.file).toBe(file);
  });

  it('keeps line and column', () => {
    expect(annotationPosition({ file: 'Dockerfile', line: 3, column: 7 }, 'b/Dockerfile')).toEqual({
      file: 'b/Dockerfile',
      line: 3,
      column: 7,
    });
  });
});
