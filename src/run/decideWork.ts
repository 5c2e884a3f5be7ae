import { resolve } from 'node:path';
import { planTree } from '../report/planTree';
import type { Registry } from '../types';
import { ownPath, type Access } from './access';
import { createBaseImages } from './baseImages';
import { decide } from './decide';
import { heldByDefaultBranch, latestDecision } from './latest';
import type { RunPorts, RunRequest } from './ports';
import { startPreflight, throwOnPreflightErrors } from './preflight';
import { planOnly, type Asked } from './select';
import type { Signing } from './signing';
import type { Names } from './templates';
import type { Work } from './work';

/** What deciding uses beside the repository and the registry. Each is opened when it is needed. */
export interface DecidingServices {
  /** Who signs what is published; undefined: nobody. Throws UsageError, EnvironmentError and RegistryError. */
  signing(): Promise<Signing | undefined>;
  /** Who is asked for base images where nothing is pushed. */
  baseRegistry(): Registry;
}

/** Decides what a run builds, prints it, and warns of what it replaces. Changes nothing, but for the repository that `create-repository` makes. */
export async function decideWork(
  { inputs, event }: RunRequest,
  { source, selection, github, shard, mark }: Asked,
  names: Names,
  access: Access | undefined,
  services: DecidingServices,
  { cwd, env, log, paint, printer, signal }: RunPorts,
): Promise<Work> {
  const { branch } = names;
  const { defaultBranch, pullRequest } = event;
  const isPlan = planOnly(event.trust, inputs.dryRun) !== undefined;
  const signing = access === undefined || shard !== undefined ? undefined : await services.signing();
  const byBranch = latestDecision(inputs.latest, { branch, defaultBranch }, inputs.context);
  const latest = await heldByDefaultBranch(byBranch, event, source, github);
  const wish = { createRepository: inputs.createRepository, movesLatest: latest.move, isPlan };
  const asked = access === undefined ? undefined : await startPreflight(access, { log, signal }, wish);
  const preflight = asked?.preflight ?? Promise.resolve(undefined);
  const bases = createBaseImages(access?.bestEffort ?? (isPlan ? undefined : services.baseRegistry()), log);
  const question = { source, selection, inputs, target: access, bases, mark, ownPath: ownPath(access, inputs) };
  const decision = await decide(question).catch(async (thrown: unknown) => {
    // Where the registry refuses, what its maker says of the refusal counts more: it names the cause.
    if (!signal.aborted) throwOnPreflightErrors(await preflight, log, env);
    throw thrown;
  });
  for (const line of planTree(decision.plan, paint)) printer.print(line);
  if (decision.replaced.length > 0 && shard === undefined) {
    const what = mark !== undefined || inputs.rebuild === 'all' ? 'rebuild: all' : 'A run for other platforms';
    log.warning(
      `${what} replaces what is published for commit ${source.commit}: ${decision.replaced.join(', ')}. Who deployed that set has other digests.`,
    );
  }
  const folder = resolve(cwd, inputs.workingDirectory);
  const about = { defaultBranch, pullRequest, shard, signing, folder, preflight };
  return { inputs, github, source, access, bases, decision, latest, ...names, ...about };
}
