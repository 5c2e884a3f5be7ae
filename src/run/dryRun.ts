import { join } from 'node:path';
import { detectBuilder } from '../builder/builder';
import { capabilitiesOf, type Capabilities } from '../builder/capabilities';
import { matrixJson, matrixOf } from '../plan/shards';
import { describeAction, planPublication } from '../publish/publishSet';
import { shellWords } from '../report/shellWords';
import { scratchBase, scratchFolders } from '../system/scratch';
import type { Inputs } from '../types';
import { missingPlatforms } from './basePlatforms';
import { buildInputs, localName, treePlace } from './buildInputs';
import { buildJob } from './buildJob';
import type { RunPorts } from './ports';
import { warnPreflight } from './preflight';
import { publicationPlan } from './publish';
import { planShards } from './shards';
import type { Work } from './work';

/** Says what a real run would find and do; gives its shards for `strategy.matrix`, empty where one run does it as well. */
export async function describe(
  work: Work,
  inputs: Pick<Inputs, 'context' | 'createRepository' | 'fanOut' | 'maxShards' | 'platforms' | 'rebuild' | 'runsOn'>,
  { env, log }: Pick<RunPorts, 'env' | 'log'>,
): Promise<string> {
  const { decision, source, access } = work;
  const lacking = await missingPlatforms(work, log);
  for (const sentence of lacking) log.warning(sentence);
  warnPreflight(await work.preflight, inputs.createRepository, { env, log });
  for (const line of await dryRun(work, env)) log.info(line);
  const shards = await planShards({ decision, catalog: source.catalog, inputs, access, log });
  for (const { name, 'runs-on': runner } of matrixOf(shards, inputs.runsOn).include)
    log.info(`  shard ${name}: on ${String(runner)}`);
  if (inputs.fanOut !== 'none' && shards.length === 0) log.info('  no shards: one run does it as well');
  return matrixJson(shards, inputs.runsOn);
}

/**
 * What a real run would execute, as lines: the very commands of the builds (in a folder that is made then), and what is done in the
 * registry. Starts nothing but a look at the builder, and without Docker takes a usual one.
 */
async function dryRun(work: Work, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { decision, source, access } = work;
  const folders = scratchFolders(join(scratchBase(env), 'kfp-images-XXXXXX'));
  const able = await ability(work.inputs.builder);
  const builds = await buildInputs(work);
  const lines: string[] = [];
  const toBuild = decision.plan.images.filter(({ action }) => action === 'build');
  const from = source.workspace === undefined ? `commit ${source.commit}` : 'the work tree';
  for (const image of toBuild) {
    const given = builds.get(image.name);
    if (given === undefined) continue;
    lines.push(
      `In a tree of ${given.tree.files.length} files of ${from}, those of its content key (${treePlace(folders, given.tree)}):`,
      `  ${shellWords(buildJob(work, image, given, folders, able, new Map()).command)}`,
    );
  }
  for (const { name, binds } of decision.plan.images) {
    const bound = Object.entries(binds).flatMap(([variable, image]) => {
      const carried = source.catalog.images.get(image);
      if (carried === undefined) return [];
      return `${variable}=${access === undefined ? localName(carried, source.commit) : `${image}@its digest`}`;
    });
    if (bound.length > 0) lines.push(`  bind ${name}: ${bound.join(', ')}`);
  }
  if (access === undefined) return lines;
  if (source.workspace === undefined) {
    lines.push(...planPublication(publicationPlan(work, access)).map((action) => `  ${describeAction(action)}`));
  }
  const { signing, inputs } = work;
  if (source.workspace === undefined && (inputs.provenance || signing !== undefined)) {
    const what = inputs.provenance ? 'the provenance of' : 'a signature to';
    const by = signing === undefined ? '' : `, signed by ${signing.signer.describe}`;
    lines.push(`  attach ${what} each image and the set${by}, where it is not there; before latest moves`);
  }
  return lines;
}

async function ability(chosen: string | undefined): Promise<Capabilities> {
  try {
    return capabilitiesOf(await detectBuilder({}, chosen));
  } catch {
    const nodes = { nodes: [], platforms: [] };
    return capabilitiesOf({ name: 'default', driver: 'docker', store: 'containerd', buildx: [0, 29], ...nodes });
  }
}
