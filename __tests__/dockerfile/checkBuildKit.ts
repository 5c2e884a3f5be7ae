/*
 * Compares what src/dockerfile finds in Dockerfiles with what BuildKit's own frontend takes from the build context:
 *
 *   make test-dockerfile [FOLDER=…] [COUNT=10000] [SEED=1]
 *
 * Reads every Dockerfile below FOLDER, and COUNT made-up ones from SEED. Needs Go: it compiles buildkit/main.go. Dangerous is a
 * Dockerfile of which BuildKit takes a path that is not an input here; then the exit status is 1.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContextView } from '../../src/dockerfile/contextView';
import { dockerfileUse } from '../../src/dockerfile/contextUse';
import { parseDockerfile } from '../../src/dockerfile/instructions';
import { memoryTree } from '../plan/memoryTree';
import { randomDockerfile } from './randomDockerfile';

interface Question {
  readonly name: string;
  readonly text: string;
}

interface Answer {
  readonly error?: string;
  readonly sources: readonly string[];
}

/** Dockerfiles below a folder, by their usual names. */
function dockerfilesBelow(folder: string): readonly Question[] {
  const found: Question[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true && name !== '.git') found.push(...dockerfilesBelow(path));
    else if (stat?.isFile() === true && /^(Dockerfile|Containerfile)|\.[Dd]ockerfile$/.test(name)) {
      found.push({ name: path, text: readFileSync(path, 'utf8') });
    }
  }
  return found;
}

/** Compiles the program and asks it. */
function askBuildKit(questions: readonly Question[]): readonly Answer[] {
  const folder = mkdtempSync(join(tmpdir(), 'buildkit-check-'));
  try {
    const program = join(folder, 'check');
    const cwd = join(__dirname, 'buildkit');
    const built = spawnSync('go', ['build', '-o', program, '.'], { cwd, stdio: 'inherit' });
    if (built.status !== 0) throw new Error('go build failed');
    const input = JSON.stringify(questions.map(({ text }) => ({ text, target: '', buildArgs: {} })));
    const ran = spawnSync(program, [], { input, maxBuffer: 1 << 30 });
    if (ran.status !== 0) throw new Error(ran.stderr.toString('utf8'));
    return JSON.parse(ran.stdout.toString('utf8')) as Answer[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Paths that a source of BuildKit's means, once as a file and once as a folder. */
function instances(source: string): readonly string[] {
  const path = source
    .replace(/^\/+/, '')
    .replace(/\[\^[^\]]*\]/g, '~')
    .replace(/\[([^\]\\]).*?\]/g, '$1')
    .replace(/\\(.)/g, '$1')
    .replace(/\*+|\?/g, 'w');
  return path === '' ? ['any/file'] : [path, `${path}/below`];
}

/** Why a Dockerfile is dangerous; undefined: it is not. */
function missed({ text }: Question, { sources }: Answer): string | undefined {
  const use = dockerfileUse(parseDockerfile(text), { target: undefined, buildArgs: {} }, 'linux/amd64');
  if (use.undecided.length > 0 || use.everything !== 'no') return undefined;
  return sources.find((source) =>
    instances(source).some((path) => {
      const view = new ContextView(memoryTree({ [path]: '', 'other/file': '' }), '', undefined);
      return !use.sources.some((own) => view.source(own.path).some((entry) => entry.path === path));
    }),
  );
}

function main(): void {
  const [folder = '', random = '0', seed = '1'] = process.argv.slice(2);
  const made = Array.from({ length: Number(random) }, (_, index) => ({
    name: `random ${index} of seed ${seed}`,
    text: randomDockerfile(Number(seed) * 1_000_003 + index),
  }));
  const real = folder === '' ? [] : dockerfilesBelow(folder);
  for (const [kind, questions] of [['real', real] as const, ['random', made] as const]) {
    if (questions.length === 0) continue;
    const answers = askBuildKit(questions);
    const counts = { refused: 0, dangerous: 0, whole: 0 };
    for (const [index, question] of questions.entries()) {
      const answer = answers[index] ?? { error: 'no answer', sources: [] };
      if (answer.error !== undefined) {
        counts.refused += 1;
        continue;
      }
      const use = dockerfileUse(parseDockerfile(question.text), { target: undefined, buildArgs: {} }, 'linux/amd64');
      if (use.undecided.length > 0 && !answer.sources.includes('/')) counts.whole += 1;
      const source = missed(question, answer);
      if (source === undefined) continue;
      counts.dangerous += 1;
      console.log(`DANGEROUS ${question.name}: BuildKit takes ${source}\n${question.text.replace(/^/gm, '  | ')}`);
    }
    const { refused, dangerous, whole } = counts;
    console.log(
      `${questions.length} ${kind} Dockerfiles: ${refused} refused by BuildKit, ${dangerous} dangerous, ` +
        `${whole} where everything counts and need not`,
    );
    if (dangerous > 0) process.exitCode = 1;
  }
}

main();
