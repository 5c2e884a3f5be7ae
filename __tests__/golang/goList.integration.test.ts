import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRepository, type TestRepository } from '../support/fork';
import { byGo, byUs, hasGo, type Listed } from './goList';
import { packageCases, type GoCase } from './goCases';
import { moduleCases } from './goModuleCases';

/*
 * The files found for Go images, against what `go list -deps` says. Its answers are recorded, so that the comparison is
 * made where Go is not installed, too; where it is, the record itself is held against Go. `RECORD=1` rewrites it.
 */

const recordFile = join(import.meta.dirname, '..', 'fixtures', 'plan', 'goList.json');
const recording = process.env['RECORD'] === '1';

let goInstalled = false;
let record: Record<string, Listed> = {};

beforeAll(async () => {
  goInstalled = await hasGo();
  if (!recording) record = readRecord(await readFile(recordFile, 'utf8'));
});

afterAll(async () => {
  if (recording) await writeFile(recordFile, `${JSON.stringify(record, undefined, 2)}\n`);
});

async function commit(repository: TestRepository, { files, links = {}, build }: GoCase): Promise<void> {
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(repository.directory, path)), { recursive: true });
    await symlink(target, join(repository.directory, path));
  }
  const dockerfile = `FROM golang AS builder\nWORKDIR /src\nCOPY . .\nRUN ${build}\nFROM scratch\nCOPY --from=builder /bin/app /\n`;
  await repository.commit('All of it', { ...files, Dockerfile: dockerfile });
}

describe('the files that a Go build reads', () => {
  it.each([...packageCases, ...moduleCases])('$name', async (one) => {
    const repository = await createRepository();
    try {
      await commit(repository, one);
      if (recording || goInstalled) {
        const { folder = '.', package: mainPackage = one.mainPackage } = one.within ?? {};
        const env = { GOPROXY: 'off', ...one.env };
        const listed = await byGo(repository.directory, { mainPackage, folder, flags: one.flags ?? [], env });
        if (recording) record[one.name] = listed;
        expect(record[one.name]).toEqual(listed);
      }
      const ours = await byUs(repository.directory, 'Dockerfile', one.mainPackage);
      // Go names a link by itself; what it leads to decides the build as much.
      const led = ['shared/helper.txt', 'linked'].filter((path) => ours.includes(path) && one.links !== undefined);
      // So do files of the same packages that this build's constraints leave out, and what tags reach that it does not set.
      const listed = record[one.name] ?? [];
      const folders = new Set(listed.filter((path) => path.endsWith('.go')).map(dirname));
      const beside = (path: string): boolean =>
        folders.has(dirname(path)) && /\.(go|[csS]|syso)$/.test(path) && !/_test\.go$|\/[._][^/]*$/.test(path);
      const reached = one.reached ?? [];
      expect(ours).toEqual(expect.arrayContaining([...listed, ...reached]));
      const more = ours.filter((path) => !listed.includes(path) && !beside(path));
      expect(more.filter((path) => !led.includes(path))).toEqual(reached);
    } finally {
      await repository.remove();
    }
  });
});

function readRecord(text: string): Record<string, Listed> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('the record is not an object');
  const entries = Object.entries(value).map(([name, paths]: [string, unknown]): [string, Listed] => {
    if (!Array.isArray(paths)) throw new Error(`the record of ${name} is not a list`);
    return [name, paths.map(String)];
  });
  return Object.fromEntries(entries);
}
