import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnvironmentError, message, UsageError } from '../../src/errors';
import { readLockFile, writeLockFile } from '../../src/report/lockFile';
import { outputEntry, outputTexts, writeOutputs, type Outputs } from '../../src/report/outputs';
import { Secrets } from '../../src/report/secrets';
import { SUMMARY_LIMIT } from '../../src/report/summary';
import { writeSummary } from '../../src/report/summary';
import { writeError } from '../../src/report/atomicFile';
import type { Plan } from '../../src/types';
import { digest, kfpPlan, plan, planned, report } from './samples';

const folder = (): string => mkdtempSync(join(tmpdir(), 'kfp-images-files-'));

const outputs: Outputs = {
  keywords: ['apiserver'],
  plan: kfpPlan,
  images: new Map([['driver', `r.example/driver@${digest('1')}`]]),
  built: ['driver'],
  reused: [],
  lockFile: 'kfp-images.lock.json',
  matrix: '',
  attestations: new Map([['set', { provenance: `r.example/kfp-images-set@${digest('2')}` }]]),
};

/** Reads the file for outputs as the runner does: NAME<<DELIMITER, lines, DELIMITER. */
function readOutputs(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const lines = text.split('\n');
  for (let at = 0; at < lines.length - 1;) {
    const [name = '', delimiter = ''] = (lines[at] ?? '').split('<<');
    const end = lines.indexOf(delimiter, at + 1);
    expect(end).toBeGreaterThan(at);
    found.set(name, lines.slice(at + 1, end).join('\n'));
    at = end + 1;
  }
  return found;
}

describe('outputs', () => {
  it('are what the contract names, each as JSON', async () => {
    const path = join(folder(), 'output');
    writeFileSync(path, 'other=1\n');
    expect(await writeOutputs(path, outputs)).toEqual([]);
    const found = readOutputs(readFileSync(path, 'utf8').replace('other=1\n', ''));
    expect([...found.keys()]).toEqual([
      'keywords',
      'plan',
      'images',
      'built',
      'reused',
      'matrix',
      'lock-file',
      'attestations',
    ]);
    expect(JSON.parse(found.get('images') ?? '')).toEqual({ driver: `r.example/driver@${digest('1')}` });
    expect((JSON.parse(found.get('plan') ?? '') as Plan).images.map((image) => image.name)).toEqual([
      'driver',
      'launcher',
      'apiserver',
    ]);
    expect(found.get('lock-file')).toBe('kfp-images.lock.json');
  });

  it('are empty where there was nothing to do', () => {
    const { texts } = outputTexts({
      keywords: [],
      plan: undefined,
      images: new Map(),
      built: [],
      reused: [],
      lockFile: undefined,
      matrix: '',
      attestations: new Map(),
    });
    expect([...texts.values()]).toEqual(['[]', '', '{}', '[]', '[]', '', '', '{}']);
  });

  it.each([
    ['a few long lists of paths', 20, 2_000, 'at most 100 changed paths'],
    ['very many images', 450, 500, 'at most 3 changed paths'],
    ['more images than fit at all', 5_000, 0, 'left empty'],
  ])('shorten the plan: %s', (_, images, paths, note) => {
    const changed = Array.from({ length: paths }, (_each, index) => `some/path/of/a/file-${String(index)}.go`);
    const large = plan(
      Array.from({ length: images }, (_each, index) => planned(`image-${String(index)}`, { changed })),
    );
    const { texts, notes } = outputTexts({ ...outputs, plan: large });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(note);
    expect(texts.get('plan')?.length).toBeLessThanOrEqual(200_000);
    if (note !== 'left empty') expect((JSON.parse(texts.get('plan') ?? '') as Plan).images).toHaveLength(images);
  });

  it('no text ends its own entry', () => {
    fc.assert(
      fc.property(fc.string(), fc.uuid(), (text, uuid) => {
        const value = `${text}\n${uuid}\nplan<<x\n`;
        return readOutputs(outputEntry('images', value)).get('images') === value;
      }),
    );
  });
});

describe('lock file', () => {
  it('is written whole, replaces an older one, and is read back', async () => {
    const path = join(folder(), 'kfp-images.lock.json');
    writeFileSync(path, 'old');
    await writeLockFile(path, '{"new": true}\n');
    expect(await readLockFile(path)).toBe('{"new": true}\n');
    expect(readdirSync(join(path, '..'))).toEqual(['kfp-images.lock.json']);
  });

  it.each([
    [
      'a folder that does not exist',
      'no/such/folder/lock.json',
      /^The lock file .*lock\.json can't be written: its folder does not exist/,
    ],
    ['a folder of that name', '.', /^The lock file .* can't be written: (?:there is a folder|.*)/],
  ])('that can not be written is a clear error: %s', async (_, path, expected) => {
    const top = folder();
    const error: unknown = await writeLockFile(join(top, path), 'x').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(message(error)).toMatch(expected);
    expect(readdirSync(top)).toEqual([]);
  });

  it('that can not be read is a clear error', async () => {
    const missing = join(folder(), 'lock.json');
    const large = join(folder(), 'lock.json');
    writeFileSync(large, Buffer.alloc(9 * 1024 * 1024));
    await expect(readLockFile(missing)).rejects.toThrow(UsageError);
    await expect(readLockFile(missing)).rejects.toThrow(`The lock file ${missing} can't be read.`);
    await expect(readLockFile(large)).rejects.toThrow('has more than 4 MiB');
  });
});

describe('a full disk', () => {
  // Every write to /dev/full fails with ENOSPC.
  it.each([
    ['outputs', () => writeOutputs('/dev/full', outputs)],
    ['summary', () => writeSummary('/dev/full', report(), new Secrets())],
  ])('is a clear error: %s', async (_, write) => {
    const error: unknown = await write().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(message(error)).toMatch(
      /^The .* \/dev\/full can't be written: the disk is full\. Free some space and run again\./,
    );
  });

  it('an error that is not known keeps its cause', () => {
    expect(message(writeError('The lock file', 'x', new Error('EODD: strange')))).toBe(
      "The lock file x can't be written.\n  because: EODD: strange",
    );
  });
});

describe('writeSummary', () => {
  it('adds to what is there, within the limit for both', async () => {
    const path = join(folder(), 'summary.md');
    writeFileSync(path, 'x'.repeat(SUMMARY_LIMIT - 2_000));
    await writeSummary(path, report(), new Secrets());
    const text = readFileSync(path);
    expect(text.length).toBeLessThanOrEqual(SUMMARY_LIMIT);
    expect(text.toString().slice(SUMMARY_LIMIT - 2_000)).toMatch(/^## ✅ 3 images published/);
  });
});
