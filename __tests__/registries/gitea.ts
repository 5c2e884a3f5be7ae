import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir } from '../support/engine';
import { freePort, startRegistryProcess } from '../support/registryProcess';
import type { FleetRegistry } from './fleet';

const [username, password] = ['tester', 'a-password-of-the-tests'];

/**
 * Starts Gitea with a database in a file and one user, below whose name its images are. `files`: where its source lies, whose templates and
 * texts it reads when it starts; it serves no page here.
 */
export async function gitea(program: string, files: string): Promise<FleetRegistry> {
  const folder = await tempDir();
  const work = folder.path;
  const config = join(work, 'app.ini');
  const port = await freePort();
  await mkdir(join(work, 'custom'));
  await writeFile(config, configuration({ work, files, port }));
  const env = { ...process.env, GITEA_WORK_DIR: work, GITEA_CUSTOM: join(work, 'custom') };
  const command = async (...args: readonly string[]): Promise<void> => {
    await promisify(execFile)(program, ['--config', config, ...args], { env, cwd: work });
  };
  await command('migrate');
  const account = ['--username', username, '--password', password, '--email', 'tester@example.org'];
  await command('admin', 'user', 'create', '--admin', '--must-change-password=false', ...account);
  const own = [`GITEA_WORK_DIR=${work}`, `GITEA_CUSTOM=${join(work, 'custom')}`];
  const running = await startRegistryProcess(['env', ...own, program, '--config', config, 'web'], port);
  const stop = async (): Promise<void> => {
    await running.stop();
    await folder.remove();
  };
  return { host: `127.0.0.1:${port}`, top: `${username}/`, username, password, stop };
}

/** https://docs.gitea.com/administration/config-cheat-sheet */
function configuration({
  work,
  files,
  port,
}: {
  readonly work: string;
  readonly files: string;
  readonly port: number;
}): string {
  const sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
    server: {
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: port,
      ROOT_URL: `http://127.0.0.1:${port}/`,
      STATIC_ROOT_PATH: files,
      DISABLE_SSH: true,
      OFFLINE_MODE: true,
    },
    database: { DB_TYPE: 'sqlite3', PATH: join(work, 'gitea.db'), SQLITE_TIMEOUT: 60_000, SQLITE_JOURNAL_MODE: 'WAL' },
    security: {
      INSTALL_LOCK: true,
      SECRET_KEY: 'of the tests',
      // Every token costs one password.
      PASSWORD_HASH_ALGO: 'bcrypt$4',
    },
    service: { DISABLE_REGISTRATION: true },
    packages: { ENABLED: true },
    actions: { ENABLED: false },
    log: { MODE: 'console', LEVEL: 'Error' },
  };
  const lines = Object.entries(sections).flatMap(([name, keys]) => [
    `[${name}]`,
    ...Object.entries(keys).map(([key, value]) => `${key} = ${String(value)}`),
  ]);
  const top = [
    `RUN_USER = ${userInfo().username}`,
    'RUN_MODE = prod',
    `WORK_PATH = ${work}`,
    // As the user of the tests, who may be root in a container.
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
  ];
  return [...top, ...lines, ''].join('\n');
}
