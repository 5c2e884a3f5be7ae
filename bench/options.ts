import { parseArgs } from 'node:util';

/** What the bench is asked for. */
export interface Options {
  readonly runs: number;
  /** Workloads by name; empty: all. */
  readonly only: readonly string[];
  readonly json: boolean;
  /** Folder with the bundles to measure: `cli/index.js`, `main/index.js`. */
  readonly bundles: string;
  /** A clone of kubeflow/pipelines for K1; undefined: a generated repository of its size. */
  readonly repo: string | undefined;
  /** How many packages the shared Go library of W1 and W5 has. */
  readonly library: number;
  /** May the build cache of an engine that is not the bench's own be emptied? */
  readonly prune: boolean;
  /** Between everybody and the registry, each direction, in megabytes a second; undefined: as fast as loopback is. */
  readonly bandwidth: number | undefined;
}

export const usage = `Usage: npm run bench -- [OPTION…]

Medians of several runs, each ratio from one run: we and the peers take turns in it.

  --runs N         runs per workload (default 3)
  --only W1,K2     these workloads only: W1 W2 W3 W4 W5 W6 W7 W9 W10 W11 K1 K2 K3
  --json           one JSON document on stdout in place of the table
  --bundles DIR    bundles to measure (default $KFP_IMAGES_BUNDLES, else dist)
  --repo PATH      K1 on this clone of kubeflow/pipelines in place of a generated repository
  --library N      packages of the shared Go library of W1, W5, W7 and W10 (default 60)
  --bandwidth N    N megabytes a second from and to the registry (default: as fast as this machine is)
  --prune          empty the build cache of the engine even if it is not a private one of script/engine
`;

/** Reads the command line. Throws TypeError and RangeError for what it does not understand. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      bundles: { type: 'string', default: process.env['KFP_IMAGES_BUNDLES'] ?? 'dist' },
      repo: { type: 'string' },
      library: { type: 'string', default: '60' },
      prune: { type: 'boolean', default: false },
      bandwidth: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    runs: whole('runs', values.runs),
    only: values.only.split(',').filter((name) => name !== ''),
    json: values.json,
    bundles: values.bundles,
    repo: values.repo,
    library: whole('library', values.library),
    prune: values.prune,
    bandwidth: values.bandwidth === undefined ? undefined : whole('bandwidth', values.bandwidth),
  };
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${name} must be a whole number above 0`);
  return number;
}
