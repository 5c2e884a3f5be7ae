import { readdir } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { run } from '../../src/system/exec';
import { ensureBaseImage } from '../support/baseImages';
import { selfSignedCertificate } from '../support/certificate';

/** The image with the Go of this machine: as much of it as compiles a program that imports nothing of the standard library. */
export const goImage = 'kfp-images-test/go:1';

/** Makes it, from local files only. */
export async function ensureGoImage(): Promise<void> {
  const root = await go('env', 'GOROOT');
  const tools = await go('env', 'GOTOOLDIR');
  const packages = (await go('list', '-deps', '-f', '{{.Dir}}', 'runtime')).split('\n');
  const files: Record<string, string> = {};
  const add = async (folder: string, wanted: (name: string) => boolean): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isFile() && wanted(entry.name)) files[path.replace(root, '/usr/local/go')] = path;
    }
  };
  for (const folder of packages.filter((each) => each.startsWith(root))) {
    await add(folder, (name) => !name.endsWith('_test.go'));
  }
  await add(tools, (name) => ['compile', 'asm', 'link'].includes(name));
  for (const folder of ['pkg/include', 'src/runtime/cgo']) await add(join(root, folder), (name) => name.endsWith('.h'));
  await add(join(root, 'bin'), (name) => name === 'go');
  await add(root, (name) => name === 'VERSION' || name === 'go.env');
  await ensureBaseImage(goImage, files);
}

async function go(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run({ command: 'go', args, env: { GOFLAGS: '' } });
  if (exitCode !== 0) throw new Error(`go ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** A private module server, which speaks Go's module proxy protocol (https://go.dev/ref/mod#goproxy-protocol) to who has the password. */
export interface ModuleServer {
  /** Address on which it listens, port 443, because a module's path has no port. */
  readonly address: string;
  /** PEM: what a client must trust. */
  readonly certificate: string;
  readonly asked: readonly { readonly path: string; readonly status: number }[];
  close(): Promise<void>;
}

/** Serves one version of the module `HOST/MODULE`: `go.mod` and one file. */
export async function serveModule(module: {
  readonly path: string;
  readonly version: string;
  readonly zip: Buffer;
  readonly user: string;
  readonly password: string;
}): Promise<ModuleServer> {
  const asked: { readonly path: string; readonly status: number }[] = [];
  const [host = ''] = module.path.split('/');
  const name = module.path.slice(host.length);
  const wanted = `Basic ${Buffer.from(`${module.user}:${module.password}`).toString('base64')}`;
  const versions = `/proxy/${module.path}/@v/`;
  const answers = new Map<string, string | Buffer>([
    [`${versions}list`, `${module.version}\n`],
    [`${versions}${module.version}.info`, JSON.stringify({ Version: module.version })],
    [`${versions}${module.version}.mod`, `module ${module.path}\n\ngo 1.21\n`],
    [`${versions}${module.version}.zip`, module.zip],
    // https://go.dev/ref/mod#vcs-find: this server has the module by the proxy protocol.
    [`${name}?go-get=1`, `<meta name="go-import" content="${module.path} mod https://${host}/proxy">`],
  ]);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = selfSignedCertificate(pair.privateKey, pair.publicKey, host);
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const path = request.url ?? '';
    const answer = answers.get(path);
    const status = request.headers.authorization !== wanted ? 401 : answer === undefined ? 404 : 200;
    asked.push({ path, status });
    response.writeHead(status).end(status === 200 ? answer : undefined);
  });
  // An address of this machine's loopback that no other test has.
  const part = (): number => 2 + Math.floor(Math.random() * 250);
  const address = `127.${part()}.${part()}.${part()}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(443, address, resolve);
  });
  return {
    address,
    certificate,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
