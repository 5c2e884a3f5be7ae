import { describe, expect, it } from 'vitest';
import { addCacheMounts } from '../../src/builder/rewriteDockerfile';
import { options, short } from './cacheCases';
import { kfpDockerfile, kfpImages, type Era } from './kfpDockerfiles';

const eras: readonly Era[] = ['2.3', '2.5', '2.17', 'head'];
const cases = eras.flatMap((era) => kfpImages.map((image) => ({ era, image, name: image.name })));

describe('the backend’s Dockerfiles', () => {
  it.each(cases)('$era: $name', ({ era, image }) => {
    const text = kfpDockerfile(image, era);
    const result = addCacheMounts(text, options);
    expect(result.notes).toEqual([]);
    const [before, after] = [text.split('\n'), short(result.text).split('\n')];
    expect(after).toHaveLength(before.length);
    const changed = after.filter((line, at) => line !== before[at]);
    // Each RUN of the builder has the module cache; those that compile have the build cache too.
    const builder = before.slice(
      0,
      before.findIndex((line, at) => at > 3 && line.startsWith('FROM ')),
    );
    expect(changed).toHaveLength(builder.filter((line) => line.startsWith('RUN ')).length);
    const compiling = changed.filter((line) => line.startsWith('RUN M B '));
    const expected = era === '2.3' ? ['go build', './hack/install', 'go-licenses csv'] : ['go build'];
    expect(compiling).toHaveLength(expected.length);
    expect(expected.filter((word) => !compiling.some((line) => line.includes(word)))).toEqual([]);
    expect(changed.filter((line) => !line.startsWith('RUN M '))).toEqual([]);
  });

  it('are left as they are without a builder', () => {
    const python =
      'FROM python:3.11-slim\nRUN apt-get update \\\n  && apt-get install -y wget\nCOPY backend/x /src\nENTRYPOINT ["python3", "server.py"]\n';
    expect(addCacheMounts(python, options)).toEqual({ text: python, changed: false, notes: [], caches: [] });
  });
});
