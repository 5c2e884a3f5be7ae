import { createReadStream } from 'node:fs';
import { message } from '../errors';
import type { BuildEvent, BuildOutcome, Log } from '../types';
import { annotationPosition } from './annotations';
import { cleanLine, CleanLines } from './cleanLines';
import { commandData } from './escape';
import { outcomeText, failureLines } from './outcome';
import type { LinePrinter, PrintInBlock } from './printer';
import { HEARTBEAT_MS, StatefulProgress, type ProgressOptions } from './progress';

/** GitHub shows ten warnings of a step; beyond this number they are only in the image's log. */
const MOST_WARNINGS = 100;

/** What the progress inside GitHub Actions needs. */
interface GroupOptions extends ProgressOptions {
  /** The same that `log` prints to, so that no annotation gets into a group. */
  readonly printer: LinePrinter;
  readonly log: Log;
  readonly heartbeatMs?: number;
}

/**
 * Progress inside GitHub Actions: one folded group per image with its whole log, in the order in which images get done, never
 * interleaved and never in memory as a whole; a line at least every 30 seconds; a failed image's last lines outside the fold
 * and its error as an annotation at the line of its Dockerfile.
 */
export class GroupProgress extends StatefulProgress<GroupOptions> {
  readonly #warned = new Set<string>();
  readonly #groups: Promise<void>[] = [];

  constructor(options: GroupOptions) {
    super(options, options.heartbeatMs ?? HEARTBEAT_MS);
  }

  override event(image: string, event: BuildEvent): void {
    super.event(image, event);
    if (event.kind !== 'warning') return;
    const { dockerfiles, directory } = this.options.sources;
    const at = annotationPosition(event.at, dockerfiles.get(image), directory);
    // Two images of one Dockerfile, or a bound image that is looked at again, warn of the same line.
    const key = `${at?.file ?? image}:${String(at?.line ?? 0)}:${event.text}`;
    if (this.#warned.has(key) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(key);
    this.options.log.warning(`${image}: ${event.text}`, at);
  }

  override async finished(raw: BuildOutcome): Promise<void> {
    const outcome = this.ended(raw);
    const group = this.options.printer.block((print) => this.#group(outcome, print));
    this.#groups.push(group);
    await group;
    if (outcome.kind !== 'failed') return;
    this.options.log.error(`Image ${outcome.name} could not be built: ${outcome.message}`, outcome.at);
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.allSettled(this.#groups);
  }

  async #group(outcome: BuildOutcome, print: PrintInBlock): Promise<void> {
    const { secrets } = this.options;
    const title = cleanLine(`${outcome.name}: ${outcomeText(outcome)}`, secrets);
    if (outcome.logFile === undefined) {
      await print(title);
    } else {
      await print(`::group::${commandData(title)}`);
      try {
        const lines = new CleanLines(secrets);
        for await (const chunk of createReadStream(outcome.logFile)) {
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

  protected override tick(): void {
    const line = this.heartbeat();
    if (line !== undefined) this.options.printer.print(cleanLine(line, this.options.secrets));
  }
}
