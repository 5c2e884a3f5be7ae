import { describeAction, planPublication } from '../publish/publishSet';
import { scratchBase, scratchFolders } from '../system/scratch';
import { shellWords } from '../report/shellWords';
import { join } from 'node:path';
import { detectBuilder } from '../build/builder';
import { capabilitiesOf, type Capabilities } from '../build/capabilities';
import type { Work } from './context';
import { buildJob } from './jobs';
import { prepareDockerfiles } from './dockerfiles';
import { publicationOrder } from './publicationOrder';

/**
 * What a real run would execute, as lines: the very commands of the builds (in a folder that is made then), and what is done in the
 * registry. Starts nothing but a look at the builder, and without Docker takes a usual one.
 */
export async function dryRun(work: Work): Promise<readonly string[]> {
  const { decision, source, access } = work;
  const folders = scratchFolders(join(scratchBase(work.ports.env), 'kfp-images-XXXXXX'));
  const able = await ability();
  const prepared = await prepareDockerfiles(work);
  const lines: string[] = [];
  const toBuild = decision.plan.images.filter(({ action }) => action === 'build');
  if (toBuild.length > 0)
    lines.push(
      `In a clean tree of ${source.workspace === undefined ? `commit ${source.commit}` : 'the work tree'} (${folders.tree}):`,
    );
  for (const image of toBuild) {
    const dockerfile = prepared.get(image.name);
    if (dockerfile !== undefined)
      lines.push(`  ${shellWords(buildJob(work, image, dockerfile, folders, able).command)}`);
  }
  if (access === undefined) return lines;
  for (const { name, binds } of decision.plan.images) {
    const bound = Object.entries(binds).map(([variable, image]) => `${variable}=${image}@its digest`);
    if (bound.length > 0) lines.push(`  bind ${name}: ${bound.join(', ')}`);
  }
  if (source.workspace === undefined) {
    lines.push(
      ...planPublication(publicationOrder(work, access, undefined)).map((action) => `  ${describeAction(action)}`),
    );
  }
  return lines;
}

async function ability(): Promise<Capabilities> {
  try {
    return capabilitiesOf(await detectBuilder());
  } catch {
    return capabilitiesOf({ name: 'default', driver: 'docker', store: 'containerd', buildx: [0, 29], platforms: [] });
  }
}
