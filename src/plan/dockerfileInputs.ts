import type { CatalogImage } from '../types';
import { parseDockerfile, type ParsedDockerfile } from './dockerfile/instructions';
import { readStages } from './dockerfile/stages';
import { readUse } from './dockerfile/use';
import type { DockerfileUse } from './dockerfile/useTypes';

/** More is no Dockerfile that anybody wrote; it would only cost time. */
const most = { instructions: 5000, stages: 500 };

/**
 * What a Dockerfile takes from its context and from registries, for one image and platform. Pure, and never throws:
 * of a text that can't be read it says so, and that everything may be taken.
 */
export function dockerfileUse(
  parsed: ParsedDockerfile,
  image: Pick<CatalogImage, 'target' | 'buildArgs'>,
  platform: string,
): DockerfileUse {
  if (parsed.kind === 'unreadable') return unreadable(parsed.reason);
  const { instructions, syntax } = parsed;
  if (instructions.length > most.instructions) {
    return unreadable(`the Dockerfile has more than ${most.instructions} instructions`);
  }
  const settings = { buildArgs: knownArguments(image.buildArgs), platform };
  const stages = readStages(instructions, settings);
  if (stages.stages.length > most.stages) return unreadable(`the Dockerfile has more than ${most.stages} stages`);
  const use = readUse(stages, image.target, settings);
  if (syntax === undefined || isDockersOwn(syntax)) return use;
  return { ...use, undecided: [...use.undecided, `it is read by another frontend than Docker's: ${syntax}`] };
}

/** Reads each Dockerfile text once. */
export class Dockerfiles {
  readonly #parsed = new Map<string, ParsedDockerfile>();

  /** `oid`: the object the text comes from. */
  parse(oid: string, text: string | undefined): ParsedDockerfile {
    const known = this.#parsed.get(oid);
    if (known !== undefined) return known;
    const parsed: ParsedDockerfile =
      text === undefined ? { kind: 'unreadable', reason: 'it is no text' } : parseDockerfile(text);
    this.#parsed.set(oid, parsed);
    return parsed;
  }
}

/** Is a build argument's value filled in at build time (`{{sha}}`)? Such arguments stay out of the content key. */
export function isTemplated(value: string): boolean {
  return value.includes('{{');
}

function knownArguments(buildArgs: Readonly<Record<string, string>>): ReadonlyMap<string, string | undefined> {
  return new Map(Object.entries(buildArgs).map(([name, value]) => [name, isTemplated(value) ? undefined : value]));
}

function unreadable(reason: string): DockerfileUse {
  return {
    sources: [],
    everything: 'no',
    undecided: [reason],
    bases: [],
    unknownBases: ['of a Dockerfile that can not be read'],
    runs: [],
    environment: [],
    notes: [],
  };
}

/** https://docs.docker.com/build/buildkit/frontend/: other frontends may read the file in their own way. */
function isDockersOwn(syntax: string): boolean {
  return /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(syntax);
}
