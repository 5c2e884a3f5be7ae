import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UsageError } from '../errors';
import { keywordPlaces, selectFromList, selectFromMessage } from '../event/keywords';
import { possibleOwnBases } from '../plan/ownBases';
import { planDocument } from '../report/planJson';
import { matrixOf } from '../plan/shards';
import { planTree } from '../report/planTree';
import { openAccess, ownPath, type Access } from '../run/access';
import { createBaseImages } from '../run/baseImages';
import { decide, type Decision } from '../run/decide';
import { catalogFiles } from '../catalog/load';
import { planShards } from '../run/shards';
import { openSource, type Source } from '../run/source';
import { commitMessage } from '../git/git';
import { createScratch, removeScratch, scratchBase } from '../system/scratch';
import type { Inputs, Selection } from '../types';
import { defineCommand } from './command';
import type { Session } from './session';
import { registryInputs } from './sharedFlags';

export const planCommand = defineCommand({
  name: 'plan',
  description: 'Show what would be built, and why. Without --registry-path or --since, that is every selected image.',
  inputs: [
    ...registryInputs,
    'images',
    'catalog',
    'working-directory',
    'context',
    'rebuild',
    'platforms',
    'fan-out',
    'max-shards',
    'runs-on',
  ],
  flags: {
    message: {
      kind: 'verbatim',
      value: '<text>',
      description: 'the text to search for keywords (default: that of HEAD)',
    },
    since: {
      kind: 'verbatim',
      value: '<rev>',
      description: 'which images differ from that commit; asks no registry',
    },
    matrix: {
      kind: 'switch',
      description: 'instead of the plan: its shards for strategy.matrix, JSON',
    },
    explain: { kind: 'switch', description: 'also every line of each content key' },
  },
  json: 'print the plan as one JSON document on standard output',
  examples: [
    'plan',
    "plan --message 'Fix retries [driver]'",
    'plan --images all --since origin/main',
    'plan --images all --matrix --fan-out platforms --platforms linux/amd64,linux/arm64 --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY',
    'plan --images apiserver --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --json',
  ],
  async run({ flags: { message, since, explain, matrix }, inputs: readInputs, isGiven, session }) {
    const inputs = readInputs();
    if (inputs.images.length > 0 && message !== undefined) {
      throw new UsageError('--images and --message both say what to plan. Give one of them.');
    }
    const ofMatrix = (['fan-out', 'max-shards', 'runs-on'] as const).find((name) => isGiven(name));
    if (ofMatrix !== undefined && !matrix) {
      throw new UsageError(`--${ofMatrix} says how the plan is cut into shards. Give --matrix too.`);
    }
    if (explain && matrix)
      throw new UsageError('--explain is about a plan, and --matrix prints none. Give one of them.');
    const scratch = inputs.context === 'workspace' ? createScratch(scratchBase(session.env)) : undefined;
    let source: Source | undefined;
    try {
      const privateFolder = (): string => scratch?.folder ?? session.cwd;
      source = await openSource(inputs, session.cwd, privateFolder);
      const uncommitted = uncommittedCatalog(source, resolve(session.cwd, inputs.workingDirectory));
      if (uncommitted !== undefined) {
        // As after `init`: what is planned is what will be built once it is committed.
        await source.tree.close();
        source = await openSource({ ...inputs, catalog: uncommitted }, session.cwd, privateFolder);
        session.log.warning(
          `${uncommitted} is not committed; it counts for this plan. A build takes it once it is committed, till then the built-in catalog.`,
        );
      }
      const selection = await select(source, inputs, message, session);
      for (const warning of selection.warnings) session.log.warning(warning);
      // With --since the registry path only says which base images are the catalog's own.
      const isAsked = inputs.registryPath !== '' && since === undefined;
      const access = isAsked ? await openAccess(inputs, session) : undefined;
      const decision = await decideFor({ source, selection, inputs, since, access, session });
      if (inputs.registryPath === '') for (const text of unknownOwnBases(decision, source)) session.log.warning(text);
      if (matrix) {
        const cut = isGiven('fan-out') ? inputs : { ...inputs, fanOut: 'images' as const };
        const shards = await planShards({ decision, catalog: source.catalog, inputs: cut, access, log: session.log });
        const document = matrixOf(shards, inputs.runsOn);
        return { document, text: `${JSON.stringify(document)}\n` };
      }
      const tree = `${planTree(decision.plan, session.paint).join('\n')}\n`;
      return { document: documentOf(decision, explain), text: explain ? `${tree}${keyLines(decision)}` : tree };
    } finally {
      await source?.tree.close();
      if (scratch !== undefined) removeScratch(scratch.folder);
    }
  },
});

/** A catalog under a default name that is in the work tree only; undefined: a committed one counts, or there is none. */
function uncommittedCatalog({ top, catalog }: Source, folder: string): string | undefined {
  if (catalog.source !== undefined) return undefined;
  const found = catalogFiles.find((path) => existsSync(join(top, path)));
  return found === undefined ? undefined : relative(folder, join(top, found));
}

interface PlanQuestion {
  readonly source: Source;
  readonly selection: Selection;
  readonly inputs: Inputs;
  readonly since: string | undefined;
  readonly access: Access | undefined;
  readonly session: Session;
}

async function decideFor({ source, selection, inputs, since, access, session }: PlanQuestion): Promise<Decision> {
  // Without a registry to reuse from, the digests of base images decide nothing, and nobody waits for them.
  const bases = access === undefined ? offline : createBaseImages(access.bestEffort, session.log);
  return decide({ source, selection, inputs, target: access, since, bases, ownPath: ownPath(access, inputs) });
}

/** Without a registry path nobody knows which base images are the catalog's own. */
function unknownOwnBases({ keys }: Decision, { catalog }: Source): readonly string[] {
  return possibleOwnBases(catalog, keys).map(
    ({ name, reference, own }) =>
      `${name} is built on ${reference}. If that is this catalog's own ${own}, give --registry-path: then it is built before, and its changes count here.`,
  );
}

const offline = { digest: () => Promise.resolve('not asked'), pins: () => new Map<string, string>() };

async function select(source: Source, inputs: Inputs, given: string | undefined, { log }: Session): Promise<Selection> {
  if (inputs.images.length > 0) return selectFromList(inputs.images, source.catalog);
  const message = given ?? (await commitMessage(source.top, source.commit));
  // The tree names what is asked for; where the words were found is for those who wonder.
  for (const line of keywordPlaces(message, source.catalog)) log.debug(line);
  return selectFromMessage(message, source.catalog);
}

function documentOf({ plan, keys }: Decision, explain: boolean): object {
  if (!explain) return planDocument(plan);
  return { ...planDocument(plan), keyLines: Object.fromEntries([...keys].map(([name, key]) => [name, key.lines])) };
}

function keyLines({ keys }: Decision): string {
  return [...keys]
    .map(([name, key]) => `\n${name}  ${key.key}\n${key.lines.map((line) => `  ${line}\n`).join('')}`)
    .join('');
}
