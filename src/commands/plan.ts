import { availableParallelism } from 'node:os';
import { UsageError } from '../errors';
import { readInputs } from '../event/inputs';
import { selectFromList, selectFromMessage } from '../event/keywords';
import { planJson } from '../report/planJson';
import { planTree } from '../report/planTree';
import { openAccess, type Access } from '../run/access';
import { createBaseImages } from '../run/baseImages';
import { decide, type Decision } from '../run/decide';
import { openSource, type Source } from '../run/source';
import { commitMessage } from '../system/git';
import { createScratch, removeScratch, scratchBase } from '../system/scratch';
import type { Inputs, Selection } from '../types';
import type { Flags } from './commandLine';
import { flagValues } from './flags';
import { terminalSession, type Session } from './session';

/** `kfp-images plan`: what would be built and why. Gives the exit status; throws explained errors. */
export async function planCommand(flags: Flags): Promise<number> {
  const json = flags['json'] === true;
  const session = terminalSession(flags['debug'] === true);
  const inputs = readInputs(flagValues(flags, session.env), { cpus: availableParallelism() });
  const message = text(flags['message']);
  const since = text(flags['since']);
  if (inputs.images.length > 0 && message !== undefined) {
    throw new UsageError('--images and --message both say what to plan. Give one of them.');
  }
  if (since !== undefined && inputs.registryPath !== '') {
    throw new UsageError('--since compares with a commit and asks no registry. Leave out --registry-path, or --since.');
  }
  const scratch = inputs.context === 'workspace' ? createScratch(scratchBase(session.env)) : undefined;
  let source: Source | undefined;
  try {
    source = await openSource(inputs, session.cwd, () => scratch?.folder ?? session.cwd);
    const selection = await select(source, inputs, message);
    for (const warning of selection.warnings) session.log.warning(warning);
    const access = inputs.registryPath === '' ? undefined : await openAccess(inputs, session);
    const decision = await decideFor({ source, selection, inputs, since, access, session });
    process.stdout.write(
      json ? document(decision, flags['explain'] === true) : `${planTree(decision.plan, session.paint).join('\n')}\n`,
    );
    if (!json && flags['explain'] === true) process.stdout.write(keyLines(decision));
    return 0;
  } finally {
    await source?.tree.close();
    if (scratch !== undefined) removeScratch(scratch.folder);
    session.close();
  }
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
  const bases = access === undefined ? offline : createBaseImages(access.hasty, session.log);
  const target = access === undefined ? undefined : { registryPath: access.path.full, registry: access.registry };
  return decide({ source, selection, inputs, target, since, bases });
}

const offline = { digest: () => Promise.resolve('not asked'), pins: () => new Map<string, string>() };

async function select(source: Source, inputs: Inputs, message: string | undefined): Promise<Selection> {
  if (inputs.images.length > 0) return selectFromList(inputs.images, source.catalog);
  return selectFromMessage(message ?? (await commitMessage(source.top, source.commit)), source.catalog);
}

function document({ plan, keys }: Decision, explain: boolean): string {
  if (!explain) return planJson(plan);
  const parsed = JSON.parse(planJson(plan)) as object;
  const lines = Object.fromEntries([...keys].map(([name, key]) => [name, key.lines]));
  return `${JSON.stringify({ ...parsed, keyLines: lines }, undefined, 2)}\n`;
}

function keyLines({ keys }: Decision): string {
  return [...keys]
    .map(([name, key]) => `\n${name}  ${key.key}\n${key.lines.map((line) => `  ${line}\n`).join('')}`)
    .join('');
}

function text(flag: unknown): string | undefined {
  return typeof flag === 'string' ? flag : undefined;
}
