import { message } from '../errors';
import type { Preflight } from '../google/artifactRegistry/preflightDecision';
import { consoleLink } from '../google/artifactRegistry/uploaded';
import { readManifest } from '../oci/manifest';
import type { FinishedImage } from '../publish/publishSet';
import type { ScanResult, Upload } from '../report/runReport';
import type { Registry } from '../types';
import type { Access } from './access';
import type { RunPorts } from './ports';
import { googleApi, type GoogleApi } from './google';

/** What the summary tells of images that were pushed. Everything in it may be missing. */
export interface Pushed {
  /** Name → bytes of the layers, compressed. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly uploads: ReadonlyMap<string, Upload>;
  readonly scans: readonly ScanResult[];
}

type PushedImage = Pick<FinishedImage, 'name' | 'repository' | 'digest'>;

/**
 * Asks the registry, and where that is Google's its API, about images that are there. It is for the summary alone: what can't be found out
 * within a few seconds is a line for debugging. Never rejects.
 */
export async function aboutPushed(
  access: Access,
  images: readonly PushedImage[],
  preflight: Preflight | undefined,
  { log, signal }: Pick<RunPorts, 'log' | 'signal'>,
): Promise<Pushed> {
  const asked = async <T>(what: string, ask: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      log.debug(`${what}: ${message(error)}`);
      return otherwise;
    }
  };
  const api = await asked('Google’s API', () => googleApi(access, signal), undefined);
  const [layers, uploads, scans] = await Promise.all([
    asked('sizes', () => layerSizes(access.registry, images), new Map<string, number>()),
    api === undefined ? [] : asked('uploads', () => uploadsOf(api, images), []),
    api === undefined || preflight?.isScanning !== true
      ? []
      : asked('scan results', () => scanResults(access, api, images), []),
  ]);
  const fromApi = uploads.flatMap(([name, { bytes }]) => (bytes === undefined ? [] : [[name, bytes] as const]));
  return { sizes: new Map([...fromApi, ...layers]), uploads: new Map(uploads), scans };
}

async function uploadsOf(
  { path, authClient, options }: GoogleApi,
  images: readonly PushedImage[],
): Promise<readonly (readonly [string, Upload & { readonly bytes: number | undefined }])[]> {
  const { uploadedImages } = await import('../google/artifactRegistry/uploaded');
  const found = await uploadedImages(path, authClient, images, options);
  return images.map(({ name, repository, digest }) => {
    const known = found.find((each) => each.repository === repository && each.digest === digest);
    const url = consoleLink(path, repository, digest);
    return [name, { url, uploadedAt: known?.uploadedAt, bytes: known?.bytes }] as const;
  });
}

async function scanResults(
  { login, emulator }: Access,
  { path, options }: GoogleApi,
  images: readonly PushedImage[],
): Promise<readonly ScanResult[]> {
  const now = await login();
  if (now === undefined || !['oauth2accesstoken', '_token'].includes(now.username)) return [];
  if (emulator !== undefined && emulator.containerAnalysis === undefined) return [];
  const { scansOf } = await import('../google/artifactRegistry/scans');
  const endpoint = emulator?.containerAnalysis;
  const { signal } = options;
  const scans = await scansOf(path, now.password, images, { ...(signal && { signal }), ...(endpoint && { endpoint }) });
  return scans.flatMap(({ repository, digest, findings }) => {
    const image = images.find((each) => each.repository === repository && each.digest === digest);
    return image === undefined ? [] : [{ name: image.name, findings, url: consoleLink(path, repository, digest) }];
  });
}

/** Image → bytes of its layers, compressed (for several platforms: of all). What can't be read is left out: only the summary wants it. */
async function layerSizes(registry: Registry, images: readonly PushedImage[]): Promise<ReadonlyMap<string, number>> {
  const sizeOf = async (repository: string, digest: string, depth: number): Promise<number> => {
    const manifest = await registry.manifest(repository, digest);
    const content = manifest === undefined ? undefined : readManifest(manifest.bytes);
    if (content === undefined || depth > 2) return 0;
    const children = content.children.filter(({ kind }) => kind === 'image');
    const inner = await Promise.all(children.map((child) => sizeOf(repository, child.digest, depth + 1)));
    return [...content.layers.map(({ size }) => size), ...inner].reduce((sum, size) => sum + size, 0);
  };
  const sizes = await Promise.all(
    images.map(async ({ name, repository, digest }) => {
      const size = await sizeOf(repository, digest, 0).catch(() => 0);
      return [name, size] as const;
    }),
  );
  return new Map(sizes.filter(([, size]) => size > 0));
}
