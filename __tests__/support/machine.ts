import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { findCredentials, type RegistryCredentials } from '../../src/google/credentials';
import type { Log } from '../../src/types';
import { tempDir, type TempDir } from './engine';
import { startGoogleTokens, type GoogleTokens } from './googleTokens';

/** What a test says is on the machine; nothing else is, and there is no metadata server. */
export interface Machine {
  readonly json?: string;
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Content by path below the home folder: text, or what becomes JSON. */
  readonly files?: Readonly<Record<string, unknown>>;
}

/** A machine of a test's own with the fake of Google's token services beside it. */
export interface MachineOfATest {
  readonly google: () => GoogleTokens;
  /** Starts the fake again, with tokens that end so soon. */
  readonly restartGoogle: (seconds: number) => Promise<void>;
  readonly find: (machine: Machine) => Promise<RegistryCredentials>;
  /** Absolute path of a file below the home folder. */
  readonly file: (name: string) => string;
  readonly log: Log;
  readonly lines: () => readonly string[];
  readonly masked: () => readonly string[];
}

export const garHost = 'europe-west3-docker.pkg.dev';

/** For the top of a test file. */
export function machineOfATest(): MachineOfATest {
  let folder: TempDir;
  let google: GoogleTokens;
  let masked: string[] = [];
  let lines: string[] = [];
  beforeEach(async () => {
    [folder, google, masked, lines] = [await tempDir(), await startGoogleTokens(), [], []];
  });
  afterEach(async () => {
    await google.close();
    await folder.remove();
  });
  const keep = (line: string): void => void lines.push(line);
  const log: Log = { debug: keep, info: keep, warning: keep, error: keep };
  const file = (name: string): string => join(folder.path, name);
  return {
    google: () => google,
    restartGoogle: async (seconds) => {
      await google.close();
      google = await startGoogleTokens({ seconds });
    },
    file,
    log,
    lines: () => lines,
    masked: () => masked,
    find: async ({ json = '', host = garHost, env = {}, files = {} }) => {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(file(name)), { recursive: true });
        await writeFile(file(name), typeof content === 'string' ? content : JSON.stringify(content));
      }
      const nothing = { HOME: folder.path, DOCKER_CONFIG: file('docker'), METADATA_SERVER_DETECTION: 'none' };
      const onSecret = (secret: string): void => void masked.push(secret);
      const limits = { firstDelayMs: 1, longestDelayMs: 4 };
      return findCredentials({ credentialsJson: json, host, env: { ...nothing, ...env }, log, onSecret, limits });
    },
  };
}
