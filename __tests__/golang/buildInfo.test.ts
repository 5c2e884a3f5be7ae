import { createReadStream } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { readGoBuildInfo } from '../../src/golang/buildInfo';
import { run } from '../../src/system/exec';
import { goBinary } from '../support/goBinary';

/* What Go binaries say of themselves, of a real one and of made ones. */

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  await Promise.resolve();
}

const modules = [
  'path\tgithub.com/kubeflow/pipelines/backend/src/apiserver',
  'mod\tgithub.com/kubeflow/pipelines\t(devel)\t',
  'dep\tgithub.com/golang/glog\tv1.2.4\th1:aaaa=',
  'dep\tgithub.com/old/one\tv1.0.0\th1:bbbb=',
  '=>\tgithub.com/new/one\tv1.1.0\th1:cccc=',
  'dep\tgithub.com/here/one\tv1.0.0\th1:dddd=',
  '=>\t/home/dana/one\t\t',
  'build\t-ldflags=-X main.token=a-secret',
  '',
].join('\n');

it.each([1, 7, 16, 1000, 1 << 20])('reads the modules of a binary that comes in pieces of %d bytes', async (size) => {
  const info = await readGoBuildInfo(pieces(goBinary('go1.24.1', modules), size));
  expect(info).toEqual({
    goVersion: 'go1.24.1',
    path: 'github.com/kubeflow/pipelines/backend/src/apiserver',
    main: { path: 'github.com/kubeflow/pipelines', version: '(devel)', sum: '' },
    modules: [
      { path: 'github.com/golang/glog', version: 'v1.2.4', sum: 'h1:aaaa=' },
      { path: 'github.com/new/one', version: 'v1.1.0', sum: 'h1:cccc=' },
      // A folder is of a machine: neither it nor what was in it is known.
      { path: 'github.com/here/one', version: '', sum: '' },
    ],
  });
});

it.each([
  ['a text that has the mark', Buffer.from('not ELF \xff Go buildinf:', 'latin1')],
  ['an ELF file without it', Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(5000, 7)])],
  ['one of Go before 1.18', goBinary('go1.17', modules, 0)],
  ['one that ends within it', goBinary('go1.24.1', modules).subarray(0, 300)],
  ['a length beyond all bounds', goBinary('go1.24.1', modules, 2, 2 ** 31)],
  ['nothing', Buffer.alloc(0)],
])('says nothing of %s', async (_, bytes) => {
  expect(await readGoBuildInfo(pieces(bytes, 64))).toBeUndefined();
});

it('reads of a real one what it says itself: docker’s', async () => {
  const said = await run({ command: 'docker', args: ['version', '--format', '{{.Client.GoVersion}}'] });
  let program = '';
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).reverse()) {
    const file = join(folder, 'docker');
    await access(file).then(
      () => (program = file),
      () => undefined,
    );
  }
  const info = await readGoBuildInfo(createReadStream(await realpath(program)) as AsyncIterable<Uint8Array>);
  expect(info?.goVersion.split(' ')[0]).toBe(said.stdout.trim());
});
