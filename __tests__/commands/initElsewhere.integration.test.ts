import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { actions, example, initForkOfATest, workflow } from './initFork';

const { fork, run, read } = initForkOfATest();

describe('where things differ', () => {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(fork(), path)), { recursive: true });
    await writeFile(join(fork(), path), text);
  };
  const menu = async (): Promise<unknown> => {
    const { on } = parse(await read(workflow)) as {
      readonly on: { readonly workflow_dispatch: { readonly inputs: { readonly images: unknown } } };
    };
    return on.workflow_dispatch.inputs.images;
  };

  test('an old workflow of the same name stays, and that nothing of kfp-images runs then is said', async () => {
    await write(workflow, 'name: Build backend images\non: push\n');
    const result = await run();
    expect(actions(result)[workflow]).toBe('kept');
    expect(result.todo[0]).toBe(
      `${workflow} is another workflow than that of kfp-images, and stays: nothing of kfp-images runs until --force replaces it (git keeps the old one)`,
    );
    expect(result.todo.at(-1)).not.toContain(workflow);
  });

  test('the fork’s other workflows start with Actions, which is said', async () => {
    for (const name of ['ci.yml', 'stale.yaml', 'e2e.yml', 'lint.yml'])
      await write(`.github/workflows/${name}`, 'on: push\n');
    expect((await run()).todo.find((each) => each.startsWith('In a new fork'))).toBe(
      'In a new fork Actions are off; switch them on: https://github.com/dana/pipelines/actions. That also starts the 4 other workflows ' +
        "that are here (ci.yml, e2e.yml, lint.yml, …) at your next push; switch off those that you don't want: " +
        'gh workflow disable FILE --repo dana/pipelines',
    );
  });

  test('other images get a catalog in force, and a menu and a Makefile of their own', async () => {
    await rm(join(fork(), 'backend'), { recursive: true });
    await write('go.mod', 'module example.com/thing\n\ngo 1.24\n');
    await write('cmd/manager/main.go', 'package main\n\nfunc main() {}\n');
    await write(
      'Dockerfile',
      'FROM golang:1.24 AS b\nCOPY . .\nRUN go build -o manager ./cmd/manager\nFROM scratch\nCOPY --from=b /go/manager /\n',
    );
    await write('web/Dockerfile', 'FROM node:24\nCOPY package.json index.js ./\n');
    await write('web/package.json', '{}\n');
    await write('web/index.js', '\n');
    await write('test/Dockerfile', 'FROM scratch\n');
    const result = await run();
    expect(actions(result)).toEqual({ [workflow]: 'written', Makefile: 'written', 'kfp-images.yaml': 'written' });
    expect(result.images).toEqual(['pipelines', 'web']);
    expect(result.leftOut).toEqual([{ path: 'test/Dockerfile', why: 'is in test/' }]);
    expect(result.todo[0]).toBe(
      'Look through kfp-images.yaml, made of the Dockerfiles found here, then: kfp-images plan --images all --catalog kfp-images.yaml (without --catalog once it is committed)',
    );
    expect(parse(await read('kfp-images.yaml'))).toEqual({
      version: 1,
      images: {
        pipelines: {
          dockerfile: 'Dockerfile',
          inputs: { go: './cmd/manager' },
          cacheMounts: ['/root/.cache/go-build', '/go/pkg/mod'],
        },
        web: { dockerfile: 'web/Dockerfile', context: 'web' },
      },
    });
    expect(await menu()).toMatchObject({ default: 'pipelines', options: ['pipelines', 'web', 'all', 'listed below'] });
    const help = execFileSync('make', ['help'], { cwd: fork(), encoding: 'utf8' });
    expect(help).toContain('make build_web');
    expect(help).not.toContain('apiserver');
    // What the user made of it counts from then on, also in the menu.
    await write('kfp-images.yaml', 'version: 1\nimages:\n  site: { dockerfile: web/Dockerfile, context: web }\n');
    expect(actions(await run())).toMatchObject({ [workflow]: 'updated', Makefile: 'updated', [example]: 'written' });
    expect(await menu()).toMatchObject({ default: 'site', options: ['site', 'all', 'listed below'] });
  });

  test('without any Dockerfile it says so', async () => {
    await rm(join(fork(), 'backend'), { recursive: true });
    const result = await run();
    expect(result.images).toEqual([]);
    expect(result.todo[0]).toBe(
      `No Dockerfile of an image was found. Name yours in kfp-images.yaml; ${example} shows how`,
    );
  });

  test('where git knows no kfp-images either, it asks for one instead of writing a placeholder', async () => {
    execFileSync('git', ['-C', fork(), 'remote', 'remove', 'origin']);
    const installed = await mkdtemp(join(tmpdir(), 'kfp-images-installed-'));
    await cp('templates', join(installed, 'templates'), { recursive: true });
    const asked = run({ from: undefined, folder: installed });
    await expect(asked).rejects.toThrow('kfp-images init --from OWNER/kfp-images@COMMIT');
    await rm(installed, { recursive: true });
    await expect(readFile(join(fork(), workflow))).rejects.toThrow('ENOENT');
  });
});
