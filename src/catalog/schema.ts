import * as v from 'valibot';
import { didYouMean } from '../system/nearest';
import {
  wrongContainer,
  wrongDeployment,
  wrongFile,
  wrongGlob,
  wrongMainPackage,
  wrongMount,
  wrongName,
  wrongPath,
  wrongRepository,
  wrongTarget,
  wrongTemplate,
  wrongVariable,
} from './fields';
import type { Path } from './yamlTree';

const text = (wrong: (value: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? wrong(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

/** A list is an object to JavaScript, and so to valibot. */
const map = v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const fields = <Entries extends v.ObjectEntries>(entries: Entries) => v.pipe(map, v.objectWithRest(entries, v.never()));
const named = <Value extends v.GenericSchema>(key: (name: string) => string | undefined, value: Value) =>
  v.pipe(map, v.record(text(key), value));

const deployFields = { deployment: text(wrongDeployment), container: text(wrongContainer) };

const inputFields = {
  go: v.optional(text(wrongMainPackage)),
  paths: v.optional(v.pipe(v.array(text(wrongGlob)), v.minLength(1, 'is empty; name files or leave it out'))),
};

const imageFields = {
  dockerfile: text(wrongFile),
  context: v.optional(text(wrongPath)),
  repository: v.optional(text(wrongRepository)),
  target: v.optional(text(wrongTarget)),
  inputs: v.optional(
    v.pipe(
      fields(inputFields),
      v.check(({ go, paths }) => go !== undefined || paths !== undefined, 'needs go, paths or both'),
    ),
  ),
  cacheMounts: v.optional(v.array(text(wrongMount))),
  buildArgs: v.optional(named(wrongVariable, text(wrongTemplate))),
  bind: v.optional(named(wrongVariable, v.string())),
  deploy: v.optional(fields(deployFields)),
};

const catalogFields = {
  version: v.literal(1),
  images: v.pipe(
    named(wrongName, fields(imageFields)),
    v.check((images) => Object.keys(images).length > 0, 'is empty; name at least one image'),
  ),
  groups: v.optional(
    named(wrongName, v.pipe(v.array(v.string()), v.minLength(1, 'is empty; name at least one image'))),
  ),
};

/** The shape of a catalog file, each text checked by its own grammar. What names what is checked in references.ts. */
export const catalogSchema = fields(catalogFields);

/** A catalog file as it was written, of the right shape. */
export type CatalogFile = v.InferOutput<typeof catalogSchema>;

/** One image of it. */
export type ImageFile = CatalogFile['images'][string];

/** What is wrong with the shape of `value`: where, and in words with the mend. `sourceOf` gives a value as it was written. */
export function shapeMistakes(
  value: unknown,
  sourceOf: (path: Path) => string | undefined,
): readonly { readonly path: Path; readonly text: string }[] {
  const result = v.safeParse(catalogSchema, value, { abortEarly: false });
  return (result.issues ?? []).map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
    return { path, text: words(issue, path, sourceOf) };
  });
}

function words(issue: v.BaseIssue<unknown>, path: Path, sourceOf: (path: Path) => string | undefined): string {
  const last = String(path.at(-1) ?? '');
  if (issue.type === 'never') {
    const known = fieldsAt(path.slice(0, -1));
    return `unknown field${didYouMean(last, known) || `; known: ${known.join(', ')}`}`;
  }
  if (issue.kind !== 'schema') return issue.message;
  if (issue.type === 'object_with_rest') return 'is missing';
  if (issue.type === 'literal') return `must be the number ${issue.expected ?? ''}, without quotes`;
  const expected =
    { string: 'text', array: 'a list', custom: 'a map of names and values' }[issue.type] ?? issue.expected;
  const source = sourceOf(path);
  const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  const mend = expected === 'text' && scalar && source !== undefined ? `; write it in quotes: "${source}"` : '';
  return `must be ${expected ?? 'something else'} and is ${kindOf(issue.input)}${mend}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object') return 'a map of names and values';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'something else';
}

function fieldsAt(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(catalogFields);
  if (path.length === 2) return Object.keys(imageFields);
  return Object.keys(path[2] === 'deploy' ? deployFields : inputFields);
}
