import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../src/system/exec';
import { Said } from './said';

/** What one step of a workflow left behind. */
export interface StepResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly outputs: ReadonlyMap<string, string>;
  readonly summary: string;
  /** RUNNER_TEMP: must be empty after `post`. */
  readonly runnerTemp: string;
}

/** One step as a runner starts it: with the Action's environment and an event file, nothing else. */
export interface Step {
  readonly bundle: string;
  readonly workspace: string;
  readonly event: string;
  readonly payload: unknown;
  readonly sha: string;
  readonly ref?: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStart?: (processGroup: number) => void;
}

/**
 * Runs an Action's entry the way GitHub's runner does: inputs as INPUT_* variables, command files for outputs, state and
 * summary (https://docs.github.com/actions/reference/variables-reference), and afterwards its `post` entry with the saved state.
 */
export async function runStep(step: Step, post?: string): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-runner-'));
  try {
    const runnerTemp = join(folder, 'temp');
    await mkdir(runnerTemp);
    const file = async (name: string, content = ''): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const files = {
      GITHUB_EVENT_PATH: await file('event.json', JSON.stringify(step.payload)),
      GITHUB_OUTPUT: await file('output'),
      GITHUB_STATE: await file('state'),
      GITHUB_STEP_SUMMARY: await file('summary.md'),
      GITHUB_ENV: await file('env'),
      GITHUB_PATH: await file('path'),
    };
    const ref = step.ref ?? 'refs/heads/main';
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '/root',
      ...docker(),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: step.workspace,
      GITHUB_EVENT_NAME: step.event,
      GITHUB_SHA: step.sha,
      GITHUB_REF: ref,
      GITHUB_REF_NAME: ref.replace(/^refs\/(heads|tags)\//, ''),
      GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      GITHUB_REPOSITORY: 'dana/pipelines',
      GITHUB_REPOSITORY_OWNER: 'dana',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: 'http://127.0.0.1:9',
      GITHUB_RUN_ID: '4711',
      GITHUB_RUN_ATTEMPT: '1',
      RUNNER_TEMP: runnerTemp,
      ...files,
      ...Object.fromEntries(Object.entries(step.inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      ...step.env,
    };
    const main = await execute(step, step.bundle, env);
    const state = parseCommandFile(await readFile(files.GITHUB_STATE, 'utf8'));
    if (post !== undefined) {
      const saved = Object.fromEntries([...state].map(([name, value]) => [`STATE_${name}`, value]));
      const after = await execute({ ...step, signal: new AbortController().signal }, post, { ...env, ...saved });
      if (after.exitCode !== 0) throw new Error(`post ended with ${after.exitCode}: ${after.stdout}${after.stderr}`);
    }
    const left = await import('node:fs/promises').then((fs) => fs.readdir(runnerTemp));
    if (post !== undefined && left.length > 0) throw new Error(`left in RUNNER_TEMP: ${left.join(', ')}`);
    return {
      ...main,
      outputs: parseCommandFile(await readFile(files.GITHUB_OUTPUT, 'utf8')),
      summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
      runnerTemp,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function execute(
  step: Step,
  bundle: string,
  env: Readonly<Record<string, string>>,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Said(), new Said()];
  const exitCode = await stream(
    { command: process.execPath, args: [bundle], cwd: step.workspace, env, unset: Object.keys(process.env) },
    {
      onStdout: (chunk) => {
        stdout.add(chunk);
        step.onStdout?.(chunk);
      },
      onStderr: stderr.add,
      ...(step.signal === undefined ? {} : { signal: step.signal }),
      ...(step.onStart === undefined ? {} : { onStart: step.onStart }),
    },
  );
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** `name=value` lines and `name<<DELIMITER` blocks, as a runner reads them. */
export function parseCommandFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const block = /^([^=]+?)<<(.+)$/.exec(line);
    if (block?.[1] !== undefined) {
      const end = lines.indexOf(block[2] ?? randomUUID(), index + 1);
      if (end < 0) throw new Error(`the block of ${block[1]} does not end`);
      values.set(block[1], lines.slice(index + 1, end).join('\n'));
      index = end;
    } else if (line.includes('=')) values.set(line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1));
    else if (line !== '') throw new Error(`not a line of a command file: ${line}`);
  }
  return values;
}

/** The engine's own variables; a runner's Docker is simply there. */
function docker(): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name of ['DOCKER_HOST', 'DOCKER_CONFIG']) {
    const value = process.env[name];
    if (value !== undefined) own[name] = value;
  }
  return own;
}
