import { createHash } from 'node:crypto';
import type { Login } from '../../src/oci/login';
import { createRegistry } from '../../src/oci/client';
import type { Limits } from '../../src/oci/limits';
import type { Learned } from '../../src/oci/session';
import type { Log, Registry } from '../../src/types';

/** The client under test with what it told the run. */
export interface TestClient {
  readonly registry: Registry;
  /** Lines for people, in order. */
  readonly lines: readonly string[];
  readonly secrets: readonly string[];
}

/** Waits between attempts that make a test short; everything else as in a real run. */
const quick: Partial<Limits> = { firstDelayMs: 1, longestDelayMs: 4 };

/** A client whose waits are short. `login` may be one for every host. */
export function testClient(
  options: {
    readonly login?: Login | ((host: string) => Promise<Login | undefined>);
    readonly signal?: AbortSignal;
    readonly limits?: Partial<Limits>;
    readonly learned?: Learned;
  } = {},
): TestClient {
  const lines: string[] = [];
  const secrets: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const log: Log = { debug: keep, info: keep, warning: keep, error: keep };
  const { login, signal, limits, learned } = options;
  const registry = createRegistry({
    login: typeof login === 'function' ? login : () => Promise.resolve(login),
    log,
    onSecret: (secret) => void secrets.push(secret),
    ...(signal === undefined ? {} : { signal }),
    ...(learned === undefined ? {} : { learned }),
    limits: { ...quick, ...limits },
  });
  return { registry, lines, secrets };
}

/** `sha256:…` of bytes or text. */
export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** A small manifest and its digest. */
export function someManifest(note = 'x'): { readonly bytes: Buffer; readonly digest: string } {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, note, layers: [] }));
  return { bytes, digest: sha256(bytes) };
}
