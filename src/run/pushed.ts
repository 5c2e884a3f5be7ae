import { message } from '../errors';
import type { Preflight } from '../publish/artifactRegistry/judge';
import { consoleLink } from '../publish/artifactRegistry/uploaded';
import type { ScanResult, Upload } from '../report/runReport';
import type { Access } from './access';
import type { RunPorts } from './context';
import { googleApi, type GoogleApi } from './google';
import { layerSizes } from './sizes';

/** What the summary tells of images that were pushed. Everything in it may be missing. */
export interface Pushed {
  /** Name → bytes of the layers, compressed. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly uploads: ReadonlyMap<string, Upload>;
  readonly scans: readonly ScanResult[];
}

interface PushedImage {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
}

/**
 * Asks the registry, and where that is Google's its API, about images that are there. It is for the summary alone: what can't be learnt
 * within a few seconds is a line for debugging. Never rejects.
 */
export async function aboutPushed(
  access: Access,
  images: readonly { readonly name: string; readonly repository: string; readonly digest: string | undefined }[],
  preflight: Preflight | undefined,
  { log, signal }: Pick<RunPorts, 'log' | 'signal'>,
): Promise<Pushed> {
  const there = images.flatMap((image) => (image.digest === undefined ? [] : [{ ...image, digest: image.digest }]));
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
    asked('sizes', () => layerSizes(access.registry, there), new Map<string, number>()),
    api === undefined ? [] : asked('uploads', () => uploadsOf(api, there), []),
    api === undefined || preflight?.isScanning !== true
      ? []
      : asked('scan results', () => scanResults(access, api, there), []),
  ]);
  const told = uploads.flatMap(([name, { bytes }]) => (bytes === undefined ? [] : [[name, bytes] as const]));
  return { sizes: new Map([...told, ...layers]), uploads: new Map(uploads), scans };
}

async function uploadsOf(
  { path, authClient, options }: GoogleApi,
  images: readonly PushedImage[],
): Promise<readonly (readonly [string, Upload & { readonly bytes: number | undefined }])[]> {
  const { uploadedImages } = await import('../publish/artifactRegistry/uploaded');
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
  const { scansOf } = await import('../publish/artifactRegistry/scans');
  const endpoint = emulator?.containerAnalysis;
  const { signal } = options;
  const scans = await scansOf(path, now.password, images, { ...(signal && { signal }), ...(endpoint && { endpoint }) });
  return scans.flatMap(({ repository, digest, findings }) => {
    const image = images.find((each) => each.repository === repository && each.digest === digest);
    return image === undefined ? [] : [{ name: image.name, findings, url: consoleLink(path, repository, digest) }];
  });
}
