import { UsageError } from '../../errors';
import { quoted } from '../../system/quoted';

/** Which sets stay, and where they are. */
interface PruneSettings {
  readonly registryPath: string;
  readonly keepLast: number;
  readonly keepDays: number;
  /** Contexts of kubectl; empty text: the current one. */
  readonly keepClusters: readonly string[];
}

/** Reads the flags. Throws UsageError. */
export function pruneSettings(given: {
  readonly registryPath: string;
  readonly keepLast: string | undefined;
  readonly keepDays: string | undefined;
  readonly keepCluster: true | readonly string[];
}): PruneSettings {
  const { registryPath, keepCluster } = given;
  if (registryPath === '') throw new UsageError('--registry-path says where the sets are. Give it.');
  const keepClusters = keepCluster === true ? [''] : keepCluster;
  const wrong = keepClusters.find((context) => context.startsWith('-'));
  if (wrong !== undefined) throw new UsageError(`--keep-cluster ${quoted(wrong)} is not the name of a context.`);
  return {
    registryPath,
    keepLast: count('--keep-last', given.keepLast, 10, 1),
    keepDays: count('--keep-days', given.keepDays, 30, 0),
    keepClusters,
  };
}

function count(flag: string, given: string | undefined, otherwise: number, least: number): number {
  if (given === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : -1;
  if (value < least) throw new UsageError(`${flag} ${quoted(given)} is not a number from ${least} up.`);
  return value;
}
