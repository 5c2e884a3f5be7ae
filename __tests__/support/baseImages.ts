import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../src/system/exec';
import { docker, tempDir } from './engine';

/**
 * Makes sure that the engine has a small Linux image of this name, made from local files only: a static busybox with all
 * its commands (`/bin/sh` too), root and an unprivileged user, `/tmp`. Dockerfiles can then say `FROM name`; by tag, that
 * works in both image stores without any registry (by digest only in containerd's, and never with `--pull`).
 *
 * `files` adds local files: path in the image → path here, modes kept. Does nothing when the image is there already with
 * this very content. Where no busybox is at hand (see script/engine --help), the image `busybox` is pulled instead.
 */
export async function ensureBaseImage(name: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const busybox = process.env['KFP_IMAGES_BUSYBOX'];
  const content = await fingerprint([...(busybox === undefined ? [] : [busybox]), ...Object.values(files)], files);
  if ((await label(name)) === content) return;

  await using context = await tempDir();
  const root = join(context.path, 'root');
  for (const folder of ['bin', 'etc', 'root', 'tmp']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n');
  if (busybox !== undefined) await installBusybox(busybox, join(root, 'bin'));
  for (const [target, source] of Object.entries(files)) {
    await mkdir(dirname(join(root, target)), { recursive: true });
    await cp(source, join(root, target));
  }
  const dockerfile = [
    `FROM ${busybox === undefined ? 'busybox:1.37' : 'scratch'}`,
    'COPY root /',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'CMD ["/bin/sh"]',
  ].join('\n');
  const args = ['--quiet', '--provenance=false', '--label', `${contentLabel}=${content}`, '--tag', name];
  try {
    await docker(['buildx', 'build', ...args, '--file', '-', context.path], { input: dockerfile });
  } catch (refused) {
    // Another test made it at the same moment; containerd's image store then says "already exists".
    if ((await label(name)) !== content) throw refused;
  }
}

const contentLabel = 'kfp-images.test.content';

/** Copies the program and links every command it knows to it, as `busybox --install -s` would. */
async function installBusybox(busybox: string, bin: string): Promise<void> {
  await cp(busybox, join(bin, 'busybox'));
  const { exitCode, stdout, stderr } = await run({ command: busybox, args: ['--list'] });
  if (exitCode !== 0) throw new Error(`${busybox} --list: ${stderr}`);
  for (const applet of stdout.split('\n')) {
    if (applet !== '' && applet !== 'busybox') await symlink('busybox', join(bin, applet));
  }
}

async function fingerprint(sources: readonly string[], files: Readonly<Record<string, string>>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(Object.keys(files)));
  for (const source of sources) hash.update(await readFile(source)).update('\0');
  return hash.digest('hex');
}

/** The content label of an image in the engine; undefined when there is no such image. */
async function label(name: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${contentLabel}"}}`;
  const images = await docker(['image', 'ls', '--quiet', name]);
  return images === '' ? undefined : docker(['image', 'inspect', '--format', format, name]);
}
