import * as v from 'valibot';
import { pathSteps } from '../system/fieldPath';
import { quoted } from '../system/quoted';
import { expandTemplate, placeholders } from '../system/template';
import type { Operator, OperatorImage } from '../types';
import { wrongContainer, wrongDeployment, wrongName } from './fieldRules';
import { fields, named, text } from './shapes';
import type { Path } from './yamlTree';

/*
 * Operators that name images in a custom resource: where that is, as data. Each check gives what is wrong and how to fix it, or undefined.
 */

/** The fields of an image's place in a custom resource. */
export const operatorImageFields = {
  path: text(wrongFieldPath),
  unlessFalse: v.optional(text(wrongFieldPath)),
  deploy: v.optional(fields({ deployment: text(wrongTemplateOf(wrongDeployment)), container: text(wrongContainer) })),
};

/** The fields of an operator. */
export const operatorFields = {
  group: text(wrongGroup),
  version: v.optional(text(wrongVersion)),
  kind: text(wrongKind),
  resource: v.optional(text(wrongObjectName)),
  runAccount: v.optional(text(wrongTemplateOf(wrongObjectName))),
  images: named(wrongName, fields(operatorImageFields)),
};

const schema = named(wrongName, fields(operatorFields));
type OperatorsFile = v.InferOutput<typeof schema>;

/** The schema of all operators of a catalog. */
export const operatorsSchema = schema;

/** What a catalog file says of operators, as data. */
export function operatorsOf(file: OperatorsFile): ReadonlyMap<string, Operator> {
  return new Map(
    Object.entries(file).map(([name, { group, version, kind, resource, runAccount, images }]) => [
      name,
      { name, group, version, kind, resource, runAccount, images: new Map(Object.entries(images).map(imageOf)) },
    ]),
  );
}

function imageOf([name, { path, unlessFalse, deploy }]: readonly [
  string,
  OperatorsFile[string]['images'][string],
]): readonly [string, OperatorImage] {
  return [
    name,
    { path: pathSteps(path), unlessFalse: unlessFalse === undefined ? undefined : pathSteps(unlessFalse), deploy },
  ];
}

/** An operator as it is found in a file of whatever shape: the names of its images, and of each its path, if it is a text. */
export interface FoundOperator {
  readonly name: string;
  readonly images: readonly {
    readonly name: string;
    readonly path: string | undefined;
    readonly isDeployed: boolean;
  }[];
}

/**
 * What is wrong between operators and images. `bindsOf`: the images that an image binds; undefined: there is no such image. One that
 * starts others has to bring them along: an apiserver whose launcher can't be named would run with another commit's.
 */
export function operatorMistakes(
  operators: readonly FoundOperator[],
  bindsOf: (image: string) => readonly string[] | undefined,
  unknownImage: (path: Path, name: string) => readonly { readonly path: Path; readonly text: string }[],
): readonly { readonly path: Path; readonly text: string }[] {
  return operators.flatMap(({ name: operator, images }) =>
    images.flatMap(({ name, path, isDeployed }, index) => {
      const at = ['operators', operator, 'images', name];
      const binds = bindsOf(name);
      if (binds === undefined) return unknownImage(at, name);
      const same = images.slice(0, index).find((other) => path !== undefined && other.path === path);
      const missing = isDeployed ? binds.filter((bound) => !images.some((other) => other.name === bound)) : [];
      return [
        ...(same === undefined ? [] : [{ path: at, text: `has the same path as ${quoted(same.name)}` }]),
        ...missing.map((bound) => ({
          path: at,
          text: `starts ${quoted(bound)}, which has no path here, so that another commit's would be started; give it one`,
        })),
      ];
    }),
  );
}

/** A way into an object's own part: by keys, not by numbers, since a merge patch can't reach into lists. */
function wrongFieldPath(path: string): string | undefined {
  const steps = pathSteps(path);
  if (path.length > 500 || steps.length < 2 || steps.some((step) => !/^[A-Za-z0-9_./-]+$/.test(step)))
    return `${quoted(path)} is not the path of a field; write its keys with dots between them, such as spec.apiServer.image`;
  const [top = ''] = steps;
  if (['apiVersion', 'kind', 'metadata', 'status'].includes(top))
    return `${quoted(path)} is not what users write; images are below spec`;
  return undefined;
}

function wrongGroup(group: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(group) && group.length <= 253
    ? undefined
    : `${quoted(group)} is not an API group; it is what is before "/" in apiVersion`;
}

function wrongVersion(version: string): string | undefined {
  return /^v[0-9]+((alpha|beta)[0-9]+)?$/.test(version)
    ? undefined
    : `${quoted(version)} is not a version of an API; it is what is behind "/" in apiVersion, such as v1`;
}

function wrongKind(kind: string): string | undefined {
  return /^[A-Z][A-Za-z0-9]{0,62}$/.test(kind)
    ? undefined
    : `${quoted(kind)} is not a kind; write it as the object does, such as DataSciencePipelinesApplication`;
}

function wrongObjectName(name: string): string | undefined {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)
    ? undefined
    : `${quoted(name)} is not the name of an object; use a-z, 0-9, "-" and "."`;
}

/** The check of a name that may hold `{{name}}`. */
function wrongTemplateOf(wrong: (name: string) => string | undefined): (template: string) => string | undefined {
  return (template) => {
    const unknown = placeholders(template).find((each) => each !== 'name');
    if (unknown !== undefined) return `has the unknown placeholder ${quoted(unknown)}; known: {{name}}`;
    return wrong(expandTemplate(template, { name: 'x' }));
  };
}
