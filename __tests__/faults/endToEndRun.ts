import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle, shown } from '../run/world';
import { watchArguments } from '../run/secretTraces';
import { parseCommandFile } from '../support/runner';
import type { SecretSearch } from './secrets';

/** One run of the Action, as a runner starts it. */
export interface EndToEndRun {
  readonly workspace: string;
  readonly commit: string;
  readonly registryPath: string;
  readonly keyJson: string;
  /** DOCKER_HOST. */
  readonly engine: string;
  /** Where its folders are made, and removed again. */
  readonly folder: string;
  /** Entries other than those that are tested: their files. */
  readonly bundles?: { readonly main?: string; readonly post?: string };
  /** Sent to `main` alone; settles with undefined: never. */
  readonly signal?: { readonly name: NodeJS.Signals; readonly when: Promise<void> };
}

/** How it ended. */
export interface EndToEndEnding {
  /** `main`'s; undefined: a signal ended it. */
  readonly code: number | undefined;
  readonly killedBy: NodeJS.Signals | undefined;
  /** Was the signal sent before `main` ended? */
  readonly isSignalled: boolean;
  readonly output: string;
  readonly summary: string;
  /** The Action's outputs; empty: it did not come so far. */
  readonly outputs: ReadonlyMap<string, string>;
  /** What is where `lock-file` says; undefined: it says nothing, or nothing is there. */
  readonly lockFile: string | undefined;
  /** I4 and I5: what it let out or left behind. */
  readonly problems: readonly string[];
}

const own = ['home', 'tmp', 'temp'] as const;
const files = ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH'] as const;

/** Runs `main`, then `post` with the state that `main` saved, both with folders of their own for everything that may be written. */
export async function runEndToEnd(run: EndToEndRun, secretsSoFar: () => SecretSearch): Promise<EndToEndEnding> {
  const folder = await mkdtemp(join(run.folder, 'run-'));
  const mark = randomUUID();
  const env = await environment(run, folder, mark);
  const watch = watchArguments(60);
  const main = start(run.bundles?.main ?? bundle('main'), run.workspace, env);
  let isSignalled = false;
  void run.signal?.when.then(() => {
    isSignalled = main.child.exitCode === null && main.child.signalCode === null && main.child.kill(run.signal?.name);
  });
  const { code, killedBy } = await main.ended;
  const state = parseCommandFile(await readFile(env['GITHUB_STATE'] ?? '', 'utf8'));
  const saved = Object.fromEntries([...state].map(([name, value]) => [`STATE_${name}`, value]));
  const post = start(run.bundles?.post ?? bundle('post'), run.workspace, { ...env, ...saved });
  const after = await post.ended;
  const output = [shown(main.output()), post.output()].join('\n');
  const secrets = secretsSoFar();
  const problems: string[] = [];
  if (after.code !== 0) problems.push(`I5: post ended with ${String(after.code)}: ${post.output()}`);
  for (const name of own) {
    for (const left of await readdir(join(folder, name), { recursive: true }))
      problems.push(`I5: ${name}/${left} is left`);
  }
  problems.push(...(await leftRunning(mark)).map((line) => `I5: a process is left: ${line}`));
  if (secrets.find(output) !== undefined) problems.push('I4: a secret was printed');
  for (const line of await watch.stop()) {
    if (secrets.find(line) !== undefined) problems.push(`I4: a secret was an argument of ${line.slice(0, 40)}`);
  }
  problems.push(...(await filesWith(folder, secrets)).map((file) => `I4: a secret is in ${file}`));
  const summary = await readFile(env['GITHUB_STEP_SUMMARY'] ?? '', 'utf8');
  const outputs = parseCommandFile(await readFile(env['GITHUB_OUTPUT'] ?? '', 'utf8'));
  const lockFile = await readFile(outputs.get('lock-file') ?? '', 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  return { code, killedBy, isSignalled, output, summary, outputs, lockFile, problems };
}

async function environment(run: EndToEndRun, folder: string, mark: string): Promise<Record<string, string>> {
  for (const name of own) await mkdir(join(folder, name));
  for (const name of files) await writeFile(join(folder, name), '');
  const payload = {
    ...{ ref: 'refs/heads/main', before: '0'.repeat(40), after: run.commit, deleted: false },
    repository: { full_name: 'dana/pipelines', default_branch: 'main', fork: true },
    head_commit: { id: run.commit, message: 'Go on [apiserver]' },
  };
  await writeFile(join(folder, 'event.json'), JSON.stringify(payload));
  return {
    ...{ PATH: process.env['PATH'] ?? '', KFP_IMAGES_FAULT_MARK: mark },
    ...{ HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp'), RUNNER_TEMP: join(folder, 'temp') },
    DOCKER_HOST: run.engine,
    // The engine and its plugins are found as this user finds them.
    DOCKER_CONFIG: process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'),
    ...{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: run.workspace, GITHUB_EVENT_NAME: 'push' },
    ...{ GITHUB_SHA: run.commit, GITHUB_REF: 'refs/heads/main', GITHUB_REF_NAME: 'main', GITHUB_REF_TYPE: 'branch' },
    ...{ GITHUB_REPOSITORY: 'dana/pipelines', GITHUB_REPOSITORY_OWNER: 'dana', GITHUB_RUN_ID: '1' },
    ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_API_URL: 'http://127.0.0.1:9', GITHUB_RUN_ATTEMPT: '1' },
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    ...Object.fromEntries(files.map((name) => [`GITHUB_${name}`, join(folder, name)])),
    'INPUT_REGISTRY-PATH': run.registryPath,
    'INPUT_CREDENTIALS-JSON': run.keyJson,
  };
}

/** Starts a bundle. `ended` settles when it has, and nobody writes to its output any more. */
function start(entry: string, cwd: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [entry], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = once(child, 'close').then((given) => {
    const [code, killedBy] = given as [number | null, NodeJS.Signals | null];
    return { code: code ?? undefined, killedBy: killedBy ?? undefined };
  });
  return { child, ended, output: () => output };
}

/** Command lines of processes that still carry the mark when those that were ended had the time to go. */
async function leftRunning(mark: string): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const running: string[] = [];
    for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const environ = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '');
      if (!environ.includes(mark)) continue;
      running.push((await readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' '));
    }
    if (running.length === 0 || tries === 600) return running;
    await sleep(50);
  }
}

async function filesWith(folder: string, secrets: SecretSearch): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (secrets.find(await readFile(path)) !== undefined) found.push(path.slice(folder.length + 1));
  }
  return found;
}
