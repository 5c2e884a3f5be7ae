import * as v from 'valibot';
import { didYouMean } from '../system/nearest';
import {
  wrongArgument,
  wrongArgumentValue,
  wrongContainer,
  wrongDeployment,
  wrongFile,
  wrongGlob,
  wrongMainPackage,
  wrongMount,
  wrongName,
  wrongPath,
  wrongPlatform,
  wrongRepository,
  wrongTarget,
  wrongVariable,
} from './fieldRules';
import { operatorFields, operatorImageFields, operatorsSchema } from './operators';
import { optionFields } from './options';
import { fields, named, text } from './shapes';
import type { Path } from './yamlTree';

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
    v.lazy((value) =>
      value === 'context'
        ? v.literal('context')
        : v.pipe(
            fields(inputFields),
            v.check(({ go, paths }) => go !== undefined || paths !== undefined, 'needs go, paths or both'),
          ),
    ),
  ),
  platforms: v.optional(
    v.pipe(v.array(text(wrongPlatform)), v.minLength(1, 'is empty; name platforms or leave it out')),
  ),
  cacheMounts: v.optional(v.array(text(wrongMount))),
  buildArgs: v.optional(named(wrongArgument, text(wrongArgumentValue))),
  bind: v.optional(named(wrongVariable, v.string())),
  deploy: v.optional(fields(deployFields)),
  ...optionFields,
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
  operators: v.optional(operatorsSchema),
};

/** The shape of a catalog file, each text checked by its own grammar. What names what is checked in references.ts. */
export const catalogSchema = fields(catalogFields);

/** A catalog file as it was written, of the right shape. */
export type CatalogFile = v.InferOutput<typeof catalogSchema>;

/** One image of it. */
export type ImageFile = CatalogFile['images'][string];

/** What is wrong with the shape of `value`: where, and in words with the fix. `sourceOf` gives a value as it was written. */
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
    { string: 'text', array: 'a list', boolean: 'true or false', custom: 'a map of names and values' }[issue.type] ??
    issue.expected;
  const source = sourceOf(path);
  const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  const fix = expected === 'text' && scalar && source !== undefined ? `; write it in quotes: "${source}"` : '';
  return `must be ${expected ?? 'something else'} and is ${kindOf(issue.input)}${fix}`;
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
  if (path[0] === 'operators')
    return Object.keys(path.length === 2 ? operatorFields : path.length === 4 ? operatorImageFields : deployFields);
  if (path.length === 2) return Object.keys(imageFields);
  return Object.keys(path[2] === 'deploy' ? deployFields : inputFields);
}
