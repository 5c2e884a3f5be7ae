import { mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { end, start } from '../cluster/apiServer';
import { freePort } from '../support/registryProcess';

/** An empty MariaDB on loopback that lets everybody in. */
export interface Database extends AsyncDisposable {
  readonly port: number;
}

/** Starts the one that script/kfp found, with its data below `folder`. */
export async function startDatabase(folder: string): Promise<Database> {
  const program = process.env['KFP_IMAGES_MARIADB'] ?? '';
  const share = join(program, '..', '..', 'root', 'usr', 'share', 'mysql');
  const [data, log, port] = [join(folder, 'mariadb'), join(folder, 'mariadb.log'), await freePort()];
  await mkdir(data);
  const child = start(program, log, [
    '--no-defaults',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--datadir=${data}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--socket=${join(data, 'socket')}`,
    `--pid-file=${join(data, 'pid')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    // No accounts, which saves making their tables.
    '--skip-grant-tables',
    '--skip-networking=0',
    '--innodb-flush-log-at-trx-commit=0',
  ]);
  const latest = Date.now() + 240_000;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > latest)
      throw new Error(`MariaDB did not start:\n${(await readFile(log, 'utf8')).slice(-3000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { port, [Symbol.asyncDispose]: () => end(child) };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
