import { createReadStream } from 'node:fs';
import { message } from '../errors';
import type { BuildEvent, BuildOutcome, Log } from '../types';
import { annotationPosition, placed, type Sources } from './annotations';
import { BuildState } from './buildState';
import { cleanLine, CleanLines } from './cleanLines';
import { commandData } from './escape';
import { outcomeText, failureLines } from './outcome';
import type { LinePrinter, PrintInBlock } from './printer';
import { heartbeat, HEARTBEAT_MS, type Progress } from './progress';
import type { Secrets } from './secrets';

/** GitHub shows ten warnings of a step; beyond this number they are only in the image's log. */
const MOST_WARNINGS = 100;

/** What the progress inside GitHub Actions needs. */
export interface GroupOptions {
  /** The same that `log` prints to, so that no annotation gets into a group. */
  readonly printer: LinePrinter;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly sources: Sources;
  readonly now?: () => number;
  readonly heartbeatMs?: number;
}

/**
 * Progress inside GitHub Actions: one folded group per image with its whole log, in the order in which images get done, never
 * interleaved and never in memory as a whole; a line at least every 30 seconds; a failed image's last lines outside the fold
 * and its error as an annotation at the line of its Dockerfile.
 */
export class GroupProgress implements Progress {
  readonly #options: GroupOptions;
  readonly #state: BuildState;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #warned = new Set<string>();
  readonly #groups: Promise<void>[] = [];

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#state = new BuildState(this.#now);
    this.#startedAt = this.#now();
    this.#timer = setInterval(() => this.#beat(), options.heartbeatMs ?? HEARTBEAT_MS);
    this.#timer.unref();
  }

  queued(image: string): void {
    this.#state.queued(image);
  }

  started(image: string): void {
    this.#state.started(image);
  }

  event(image: string, event: BuildEvent): void {
    this.#state.event(image, event);
    if (event.kind !== 'warning') return;
    const { dockerfiles, directory } = this.#options.sources;
    const at = annotationPosition(event.at, dockerfiles.get(image), directory);
    // Two images of one Dockerfile, or a bound image that is looked at again, warn of the same line.
    const key = `${at?.file ?? image}:${String(at?.line ?? 0)}:${event.text}`;
    if (this.#warned.has(key) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(key);
    this.#options.log.warning(`${image}: ${event.text}`, at);
  }

  async finished(raw: BuildOutcome, logFile: string | undefined): Promise<void> {
    const outcome = placed(raw, this.#options.sources);
    this.#state.finished(outcome);
    const group = this.#options.printer.block((print) => this.#group(outcome, logFile, print));
    this.#groups.push(group);
    await group;
    if (outcome.kind !== 'failed') return;
    this.#options.log.error(`Image ${outcome.name} could not be built: ${outcome.message}`, outcome.at);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(this.#groups);
  }

  async #group(outcome: BuildOutcome, logFile: string | undefined, print: PrintInBlock): Promise<void> {
    const { secrets } = this.#options;
    const title = cleanLine(`${outcome.name}: ${outcomeText(outcome)}`, secrets);
    if (logFile === undefined) {
      await print(title);
    } else {
      await print(`::group::${commandData(title)}`);
      try {
        const lines = new CleanLines(secrets);
        for await (const chunk of createReadStream(logFile)) {
          const complete = lines.push(chunk as Buffer);
          if (complete.length > 0) await print(complete.join('\n'));
        }
        for (const line of lines.end()) await print(line);
      } catch (cause) {
        await print(cleanLine(`The log of ${outcome.name} can't be read: ${message(cause)}`, secrets));
      } finally {
        await print('::endgroup::');
      }
    }
    if (outcome.kind === 'failed') for (const line of failureLines(outcome)) await print(cleanLine(line, secrets));
  }

  #beat(): void {
    const line = heartbeat(this.#state.images, this.#startedAt, this.#now(), (text) =>
      this.#options.secrets.redact(text),
    );
    if (line !== undefined) this.#options.printer.print(cleanLine(line, this.#options.secrets));
  }
}
