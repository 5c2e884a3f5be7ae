import { UsageError } from '../../errors';
import { selectFromMessage } from '../../event/keywords';
import { quoted } from '../../system/quoted';
import type { Catalog, Selection } from '../../types';

/** What is before the keywords when no message is given. */
const defaultMessage = 'Trigger image build:';

/** A commit's first line is read in lists; nothing that people write comes near this. */
const longest = 10_000;

/** With one of these in the message GitHub starts no workflow at all: https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs */
const skipping = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]/i;

/** The message of the commit, and what it asks for. */
export interface TriggerMessage {
  /** One line: the user's words and the keywords. */
  readonly text: string;
  readonly selection: Selection;
  /** For people: the message asks for more than the list did. */
  readonly warnings: readonly string[];
}

/**
 * Joins the user's message and the keywords to the one line that is committed.
 * Throws UsageError for a message that git or GitHub would change, cut, or not start a build for.
 */
export function triggerMessage(given: string | undefined, keywords: string, catalog: Catalog): TriggerMessage {
  const words = (given ?? defaultMessage).trim();
  check(words);
  const text = `${words} ${keywords}`;
  const selection = selectFromMessage(text, catalog);
  const asked = new Set(selectFromMessage(keywords, catalog).images);
  const more = selection.images.filter((image) => !asked.has(image));
  const warnings = [
    ...(more.length === 0
      ? []
      : [`The commit message itself names more images, which are built too: ${more.join(', ')}.`]),
    ...selection.warnings,
  ];
  return { text, selection, warnings };
}

function check(words: string): void {
  if (words === '') {
    throw new UsageError(
      `--commit-message is empty. Leave it out for ${quoted(defaultMessage)}, or say why you build.`,
    );
  }
  if (words.length > longest) {
    throw new UsageError(
      `--commit-message has ${words.length} characters; ${longest} are the most that are taken. Give one short line.`,
    );
  }
  if (/[\n\r\u2028\u2029]/.test(words)) {
    throw new UsageError(
      '--commit-message has more than one line; the keywords are at the end of one line. Give one line.',
    );
  }
  const control = /[\0-\x1f\x7f-\x9f]/.exec(words);
  if (control !== null || !words.isWellFormed()) {
    const where =
      control === null ? 'half a character (a lone surrogate)' : `a control character at position ${control.index + 1}`;
    throw new UsageError(`--commit-message holds ${where}: ${quoted(words)}. Take it out.`);
  }
  const skip = skipping.exec(words);
  if (skip !== null) {
    throw new UsageError(
      `--commit-message holds ${skip[0]}: GitHub starts no workflow for such a commit, so nothing would be built. Take it out.`,
    );
  }
}
