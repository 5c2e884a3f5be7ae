import { UsageError } from '../../errors';
import { quoted } from '../../system/quoted';
import type { Flags } from '../commandLine';
import { text, texts } from '../deploy/settings';
import { flagValues } from '../flags';

/** What `prune` was told. */
export interface PruneSettings {
  readonly registryPath: string;
  readonly credentialsJson: string;
  readonly keepLast: number;
  readonly keepDays: number;
  /** Contexts of kubectl; empty text: the current one. */
  readonly keepClusters: readonly string[];
  readonly dryRun: boolean;
}

/** Reads the flags. Throws UsageError. */
export function pruneSettings(flags: Flags, env: NodeJS.ProcessEnv): PruneSettings {
  const registryPath = text(flags, 'registryPath') ?? '';
  if (registryPath === '') throw new UsageError('--registry-path says where the sets are. Give it.');
  const clusters = flags['keepCluster'];
  const keepClusters = clusters === true ? [''] : texts(flags, 'keepCluster');
  const wrong = keepClusters.find((context) => context.startsWith('-'));
  if (wrong !== undefined) throw new UsageError(`--keep-cluster ${quoted(wrong)} is no name of a context.`);
  return {
    registryPath,
    credentialsJson: flagValues(flags, env)('credentials-json'),
    keepLast: count(flags, 'keepLast', '--keep-last', 10, 1),
    keepDays: count(flags, 'keepDays', '--keep-days', 30, 0),
    keepClusters,
    dryRun: flags['dryRun'] === true,
  };
}

function count(flags: Flags, name: string, flag: string, otherwise: number, least: number): number {
  const given = text(flags, name);
  if (given === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : -1;
  if (value < least) throw new UsageError(`${flag} ${quoted(given)} is no number from ${least} up.`);
  return value;
}
