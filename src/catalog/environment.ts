import { UsageError } from '../errors';
import type { Catalog, CatalogImage } from '../types';
import { environmentPlaceholder } from './fieldRules';

/**
 * The catalog with `{{env.NAME}}` of build arguments filled in, so that what a run's environment gives counts as a change like any other
 * text. An argument whose variable is not set is left out, as docker does, and the image gets a note.
 * Throws UsageError for a value that can't be an argument.
 */
export function withEnvironment(catalog: Catalog, env: Readonly<Record<string, string | undefined>>): Catalog {
  return {
    ...catalog,
    images: new Map([...catalog.images].map(([name, image]) => [name, imageWith(image, env)])),
  };
}

function imageWith(image: CatalogImage, env: Readonly<Record<string, string | undefined>>): CatalogImage {
  const unset: string[] = [];
  const buildArgs = Object.entries(image.buildArgs).flatMap(([name, text]) => {
    const variables = [...text.matchAll(environmentPlaceholder)].map(([, variable = '']) => variable);
    const missing = variables.find((variable) => env[variable] === undefined);
    if (missing !== undefined) {
      unset.push(
        `the build argument ${name} is left out, because the variable ${missing} of the environment is not set`,
      );
      return [];
    }
    const unusable = variables.find((variable) => /\{\{|\}\}/.test(env[variable] ?? ''));
    if (unusable !== undefined) {
      throw new UsageError(
        `images.${image.name}.buildArgs.${name}: the variable ${unusable} of the environment holds {{ or }}, which would be read as a placeholder. Give it another value.`,
      );
    }
    const filled = text.replace(environmentPlaceholder, (_, variable: string) => env[variable] ?? '');
    return [[name, filled] as const];
  });
  if (Object.values(image.buildArgs).every((text) => text.search(environmentPlaceholder) < 0)) return image;
  return {
    ...image,
    buildArgs: Object.fromEntries(buildArgs),
    ...(unset.length === 0 ? {} : { unsetArguments: unset }),
  };
}
