import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../support/engine';
import { startRegistry } from '../support/registry';
import { freePort, startRegistryProcess } from '../support/registryProcess';

/** A registry to which things are attached, without a login. */
export interface AttachingRegistry {
  /** To be a `registry-path`. */
  readonly path: string;
  stop(): Promise<void>;
}

const { KFP_IMAGES_CRANE: crane = '', KFP_IMAGES_DISTRIBUTION3: distribution = '', ZOT: zot = '' } = process.env;

/** By the fallback tag, and by a registry that lists referrers itself; as far as script/registries has them. */
export const makes: readonly (readonly [string, () => Promise<AttachingRegistry>])[] = [
  ['Distribution 2.8, the fallback tag', () => startRegistry({ auth: 'none' })],
  ...(distribution === ''
    ? []
    : [['Distribution 3, the fallback tag', () => startRegistry({ auth: 'none', program: distribution })] as const]),
  ...(crane === '' ? [] : [['go-containerregistry, a list of referrers', referrersRegistry] as const]),
  ...(zot === '' ? [] : [['zot, a list of referrers', zotRegistry] as const]),
];

async function referrersRegistry(): Promise<AttachingRegistry> {
  const port = await freePort();
  const running = await startRegistryProcess([crane, 'registry', 'serve', '--address', `127.0.0.1:${port}`], port);
  return { path: `127.0.0.1:${port}/p/images`, stop: () => running.stop() };
}

async function zotRegistry(): Promise<AttachingRegistry> {
  const [folder, port] = [await tempDir(), await freePort()];
  await mkdir(join(folder.path, 'data'));
  const config = join(folder.path, 'config.json');
  const settings = {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: join(folder.path, 'data') },
    http: { address: '127.0.0.1', port: String(port) },
    log: { level: 'error' },
  };
  await writeFile(config, JSON.stringify(settings));
  const running = await startRegistryProcess([zot, 'serve', config], port);
  return { path: `127.0.0.1:${port}/p/images`, stop: async () => (await running.stop(), folder.remove()) };
}
