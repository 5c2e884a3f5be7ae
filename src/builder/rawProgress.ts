import type { BuildEvent, SourcePosition } from '../types';
import { ByteLines } from './byteLines';
import { parseErrorText } from './errorText';
import { parseSolveStatus, type SolveStatus, type Vertex } from './solveStatus';
import { StepTails } from './stepTails';
import { isDockerfileStep } from '../docker/buildSteps';

/** A line of BuildKit's holds at most some log output and a Dockerfile; a longer one is not read. */
const LONGEST_LINE = 8 * 1024 * 1024;
const LONGEST_TEXT = 4_000;
/** Plain lines that are kept: the error is in the last ones. */
const PLAIN_LINES = 100;
/** More steps than a Dockerfile has; those beyond are not looked at. */
const MOST_STEPS = 10_000;

/** What is known of a build that failed. */
export interface BuildFailure {
  /** As BuildKit puts it; empty when it said nothing. */
  readonly message: string;
  /** Name of the step that failed, `[builder 3/5] RUN …`. */
  readonly step: string | undefined;
  /** In the Dockerfile as it was given to BuildKit, by its base name. */
  readonly at: SourcePosition | undefined;
  /** The lines of the Dockerfile as buildx shows them. */
  readonly excerpt: readonly string[];
  /** The step's last 40 lines. */
  readonly tail: readonly string[];
}

/** What a build came to, apart from its image. */
export interface BuildAccount {
  /** Steps that lines of the Dockerfile asked for, base images not counted. */
  readonly steps: number;
  readonly cachedSteps: number;
  /** To be believed only when buildx ended with an error. */
  readonly failure: BuildFailure;
}

interface Step {
  readonly name: string;
  state: 'waiting' | 'running' | 'done' | 'cached' | 'failed';
  error: string;
}

/**
 * Turns the standard error of `docker buildx build --progress=rawjson` into events, chunk by chunk. Memory is bounded whatever
 * comes: lines are cut, only the last lines of running and failed steps are kept. What is not BuildKit's JSON is plain text: a log
 * event of no step (`id` is empty).
 */
export class RawProgress {
  readonly #lines = new ByteLines(LONGEST_LINE);
  readonly #steps = new Map<string, Step>();
  readonly #tails = new StepTails();
  readonly #plain: string[] = [];
  readonly #warned = new Set<string>();

  push(chunk: Uint8Array): readonly BuildEvent[] {
    const events: BuildEvent[] = [];
    this.#lines.push(chunk, (line, cut) => this.#line(line, cut, events));
    return events;
  }

  /** What the last line without a line end held. */
  end(): readonly BuildEvent[] {
    const events: BuildEvent[] = [];
    this.#lines.end((line, cut) => this.#line(line, cut, events));
    return events;
  }

  /** To be asked after `end`. */
  account(): BuildAccount {
    const steps = [...this.#steps.values()].filter((step) => isDockerfileStep(step.name));
    return {
      steps: steps.length,
      cachedSteps: steps.filter((step) => step.state === 'cached').length,
      failure: this.#failure(),
    };
  }

  #line(line: Buffer, cut: boolean, events: BuildEvent[]): void {
    const status = cut ? undefined : parseSolveStatus(line);
    if (status !== undefined) {
      this.#status(status, events);
      return;
    }
    if (cut && line[0] === 0x7b) return;
    const text = line.toString('utf8').slice(0, LONGEST_TEXT);
    this.#plain.push(text);
    if (this.#plain.length > PLAIN_LINES) this.#plain.shift();
    events.push({ kind: 'log', id: '', text: `${text}\n` });
  }

  #status(status: SolveStatus, events: BuildEvent[]): void {
    // A step's output comes after its start and before its end, also where one line of JSON holds all of it.
    for (const vertex of status.vertexes) {
      if (this.#step(vertex)?.state === 'waiting' && vertex.started !== undefined) {
        this.#vertex({ ...vertex, completed: undefined, error: '' }, events);
      }
    }
    for (const log of status.logs) {
      const text = this.#tails.add(log);
      if (text !== '') events.push({ kind: 'log', id: log.vertex, text });
    }
    for (const { vertex, id, completed, current } of status.statuses) {
      if (completed && id !== '')
        events.push({
          kind: 'log',
          id: vertex,
          text: `${id.slice(0, 200)}${current > 0 ? ` ${String(current)} B` : ''} done\n`,
        });
    }
    for (const { text, file, line } of status.warnings) this.#warning(text, file, line, events);
    for (const vertex of status.vertexes) this.#vertex(vertex, events);
  }

  #vertex(vertex: Vertex, events: BuildEvent[]): void {
    const step = this.#step(vertex);
    const state = stateOf(vertex);
    if (step === undefined || state === step.state || state === 'waiting') return;
    step.state = state;
    step.error = vertex.error.slice(0, LONGEST_TEXT);
    const rest = state === 'running' ? '' : this.#tails.finish(vertex.digest, state === 'failed');
    if (rest !== '') events.push({ kind: 'log', id: vertex.digest, text: rest });
    events.push({
      kind: 'step',
      id: vertex.digest,
      name: step.name,
      state,
      startedAt: vertex.started,
      endedAt: vertex.completed,
      error: step.error === '' ? undefined : step.error,
    });
  }

  #step(vertex: Vertex): Step | undefined {
    const known = this.#steps.get(vertex.digest);
    if (known !== undefined || this.#steps.size >= MOST_STEPS) return known;
    const step: Step = { name: vertex.name.slice(0, LONGEST_TEXT), state: 'waiting', error: '' };
    this.#steps.set(vertex.digest, step);
    return step;
  }

  #warning(text: string, file: string | undefined, line: number | undefined, events: BuildEvent[]): void {
    const key = `${String(line)} ${text}`;
    if (this.#warned.has(key) || this.#warned.size >= 1_000) return;
    this.#warned.add(key);
    const at = file === undefined || line === undefined ? undefined : { file, line };
    events.push({ kind: 'warning', text: text.slice(0, LONGEST_TEXT), at });
  }

  #failure(): BuildFailure {
    const { message, at, excerpt } = parseErrorText(this.#plain);
    // When a step fails, BuildKit cancels the others, and they fail too.
    const failed = [...this.#steps].filter(([, step]) => step.state === 'failed');
    const culprit =
      failed.find(([, step]) => step.error !== '' && message.includes(step.error)) ??
      failed.find(([, step]) => !step.error.includes('context canceled')) ??
      failed[0];
    return {
      message: message === '' ? (culprit?.[1].error ?? '') : message,
      step: culprit?.[1].name,
      at,
      excerpt,
      tail: culprit === undefined ? [] : this.#tails.lines(culprit[0]),
    };
  }
}

function stateOf(vertex: Vertex): Step['state'] {
  if (vertex.error !== '') return 'failed';
  if (vertex.completed !== undefined) return vertex.cached ? 'cached' : 'done';
  return vertex.started === undefined ? 'waiting' : 'running';
}
