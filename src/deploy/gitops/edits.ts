import { DeployError, UsageError } from '../../errors';
import { placeKey, placeName, type Assignment, type Edit } from './assignment';
import { encodedWhy } from './encoded';
import { lineOf } from './lines';
import { unwrittenMentions } from './mentions';
import { findAssignments } from './find';
import { proofProblems, type Decided } from './prove';
import { ruleAssignments } from './ruleAssignments';
import type { EditRules } from './rules';
import { withoutSetters } from './setters';
import { pathName, readSource, type Source, type Splice } from './source';
import { currentValue, isSatisfied, written } from './write';
import { placesAlone, replaceAlone } from './references';

export type { EditRules } from './rules';

/** A file of a GitOps repository before and after. */
export interface EditedFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** What changes in it, in the order of the file. */
  readonly edits: readonly Edit[];
  /** Everything that it says of images of the set, changed or not. */
  readonly assignments: readonly Assignment[];
}

/** All files together. */
export interface Edited {
  readonly files: readonly EditedFile[];
  readonly warnings: readonly string[];
}

/**
 * Writes a set into files. Pure: texts in, texts and the list of edits out; every byte that is not an image's stays, and each file is proven
 * (see prove.ts). Throws UsageError when a rule or a file matches nothing, DeployError when two rules claim one place, or when the edit would
 * not be exactly what is wanted: then nothing is written anywhere.
 */
export function editFiles(
  files: readonly { readonly path: string; readonly text: string }[],
  rules: EditRules,
): Edited {
  const sources = files.map(({ path, text }) => readSource(path, text));
  const byRules = ruleAssignments(sources, rules);
  const left: string[] = [];
  const all: Assignment[] = [];
  const within: Source[] = [];
  const edited = sources.map((source) => {
    const found = findAssignments(source, rules.images);
    const [problem] = found.problems;
    if (problem !== undefined) throw refusal(problem);
    const own = byRules.filter((each) => each.source.file === source.file);
    all.push(...own, ...found.assignments);
    within.push(...found.sources);
    const { kept, left: others } = withoutSetters([...own, ...found.assignments]);
    left.push(...[...others].map(([group, why]) => `${group} is left alone: ${why}`));
    const assignments = decided(kept);
    refuseEncoded(assignments);
    return editFile(source, assignments, rules);
  });
  const warnings = [...left, ...unwrittenMentions(within, all, rules.images)];
  const idle = edited.find(({ assignments }) => assignments.length === 0);
  if (idle !== undefined) {
    throw new UsageError(
      `${idle.path} has no place for an image of the set: no Deployment or kustomization entry of one, and no text that stands for it. ` +
        `Name the place: --set TEXT=IMAGE, or --value PATH=IMAGE.${warnings.map((each) => ` ${each}`).join('')}`,
    );
  }
  return { files: edited, warnings };
}

function refuseEncoded(assignments: readonly Assignment[]): void {
  for (const each of assignments) {
    const why = encodedWhy(each);
    if (why !== undefined) throw refusal(`${placeName(each)} (line ${lineOf(each)}) ${why}.`);
  }
}

/** One assignment for each place, or several that each replace another part of it. Throws DeployError when two contradict each other. */
function decided(assignments: readonly Assignment[]): readonly Assignment[] {
  const byPlace = Map.groupBy(assignments, placeKey);
  return [...byPlace.values()].flatMap((all): readonly Assignment[] => {
    const strong = all.filter(({ by }) => by !== 'content');
    // A reference beside a text that a rule names is a place of its own.
    const beside = all.filter((each) => each.by === 'content' && strong.every((other) => areApart(each, other)));
    const [first, ...rest] = [...strong, ...beside];
    if (first === undefined) return [];
    const other = rest.find((each) => outcome(each) !== outcome(first) && !areApart(each, first));
    if (other !== undefined) {
      throw new DeployError(
        `${placeName(first)} is to hold both what the set says of ${first.image} and of ${other.image}${first.image === other.image ? ', in two ways' : ''}. Give each its own place.`,
      );
    }
    if (first.kind !== 'replace') return [first];
    const parts = [first, ...rest].flatMap((each) => (each.kind === 'replace' ? [[each.from, each] as const] : []));
    return [...new Map<string, Assignment>(parts).values()];
  });
}

/** Does neither stand alone in the other? `driver:v1` does not in `driver:v1-debug`. */
function areApart(a: Assignment, b: Assignment): boolean {
  if (a.kind !== 'replace' || b.kind !== 'replace') return false;
  return placesAlone(a.from, b.from).length + placesAlone(b.from, a.from).length === 0;
}

/** What a place says afterwards, to compare. */
function outcome(assignment: Assignment): string {
  const { kind } = assignment;
  const value = currentValue(assignment);
  if (kind === 'replace') return JSON.stringify(['set', replaceAlone(String(value), assignment.from, assignment.to)]);
  return JSON.stringify(
    kind === 'variables'
      ? assignment.variables
      : kind === 'remove'
        ? [kind]
        : kind === 'rename'
          ? [kind, assignment.key, assignment.value]
          : ['set', assignment.value],
  );
}

function editFile(source: Source, assignments: readonly Assignment[], { images }: EditRules): EditedFile {
  const byPlace = new Map(assignments.map((each) => [placeKey(each), each]));
  const pending = assignments.filter((each) => !isSatisfied(each));
  const made = pending.map((assignment) => {
    const splices = written(assignment, byPlace);
    if (typeof splices === 'string')
      throw refusal(`${placeName(assignment)} (line ${lineOf(assignment)}) can't be written: ${splices}.`);
    return { assignment, splices };
  });
  const sources = [...Map.groupBy(made, ({ assignment }) => sourceName(assignment.source)).values()];
  const inFile = (at: Source, splice: Splice): Splice => {
    const { within } = at;
    if (within?.position === undefined) return splice;
    const outer = {
      start: within.position(splice.start),
      end: within.position(splice.end),
      text: within.indented(splice.text),
    };
    return inFile(within.source, outer);
  };
  const edits = made
    .flatMap(({ assignment, splices }) =>
      splices.map((splice) => editOf(source, assignment, inFile(assignment.source, splice))),
    )
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .filter((edit, index, all) => !isEqual(edit, all[index - 1]));
  const splices = edits.map(({ start, end, new: text }) => ({ start, end, text }));
  const overlap = edits.find((edit, index) => edit.start < (edits[index - 1]?.end ?? 0));
  if (overlap !== undefined) throw refusal(`${source.file}: two edits meet at ${overlap.path}.`);
  const file: Decided = {
    source,
    assignments: pending.filter((each) => each.source.within === undefined),
    splices,
    after: spliced(source.text, splices),
  };
  const nested = nestedDecided(sources.map((all) => all.map((each) => each)));
  const [problem] = proofProblems(file, nested, images);
  if (problem !== undefined) throw refusal(problem);
  return { path: source.file, before: source.text, after: file.after, edits, assignments };
}

/** Every text in the file that changes, also those that only hold one that does. */
function nestedDecided(
  groups: readonly (readonly { readonly assignment: Assignment; readonly splices: readonly Splice[] }[])[],
): readonly Decided[] {
  const found = new Map<string, { source: Source; assignments: Assignment[]; splices: Splice[] }>();
  const at = (source: Source): { source: Source; assignments: Assignment[]; splices: Splice[] } => {
    const own = found.get(sourceName(source)) ?? { source, assignments: [], splices: [] };
    found.set(sourceName(source), own);
    return own;
  };
  for (const { assignment, splices } of groups.flat()) {
    if (assignment.source.within === undefined) continue;
    at(assignment.source).assignments.push(assignment);
    for (let [source, own] = [assignment.source, splices]; source.within !== undefined; source = source.within.source) {
      at(source).splices.push(...own);
      const { position, indented } = source.within;
      own = own.map(({ start, end, text }) => ({
        start: position?.(start) ?? 0,
        end: position?.(end) ?? 0,
        text: indented(text),
      }));
    }
  }
  return [...found.values()].map(({ source, assignments, splices }) => {
    const sorted = splices
      .toSorted((a, b) => a.start - b.start || a.end - b.end)
      .filter((each, index, all) => {
        const before = all[index - 1];
        return before?.start !== each.start || before.end !== each.end || before.text !== each.text;
      });
    return { source, assignments, splices: sorted, after: spliced(source.text, sorted) };
  });
}

/** The text with the splices made and every other character as it was. */
function spliced(text: string, splices: readonly Splice[]): string {
  let at = 0;
  let made = '';
  for (const splice of splices) {
    made += text.slice(at, splice.start) + splice.text;
    at = splice.end;
  }
  return made + text.slice(at);
}

function editOf(file: Source, assignment: Assignment, { start, end, text }: Splice): Edit {
  const path = pathName(assignment);
  return { file: file.file, path, image: assignment.image, start, end, old: file.text.slice(start, end), new: text };
}

function isEqual(a: Edit, b: Edit | undefined): boolean {
  return b !== undefined && a.start === b.start && a.end === b.end && a.new === b.new;
}

function sourceName(source: Source): string {
  return source.within === undefined ? '' : pathName(source.within);
}

function refusal(why: string): DeployError {
  return new DeployError(`${why}\nNothing is written.`);
}
