import { knownArguments } from '../dockerfile/contextUse';
import { parseDockerfile } from '../dockerfile/instructions';
import { findStage, originOf, readStages } from '../dockerfile/stages';
import { keyedBases } from './keyLines';
import type { CatalogImage, ContentKey } from '../types';

/** A base image, and the platform that a build needs it for. */
export interface NeededBase {
  readonly reference: string;
  readonly platform: string;
}

/**
 * The base images of a key for one platform. Left out are those of `--platform=$BUILDPLATFORM` and the like: which one that is, only the
 * builder knows. Pure.
 */
export function neededBases(key: Pick<ContentKey, 'lines'>, platform: string): readonly NeededBase[] {
  return keyedBases(key).flatMap(({ reference, platform: own }) => {
    if (own === undefined) return [{ reference, platform }];
    return /^[a-z0-9]+\/[a-z0-9]/.test(own) ? [{ reference, platform: own }] : [];
  });
}

/** What runs on a machine of another kind as well, as containerd picks it: https://pkg.go.dev/github.com/containerd/platforms#Only */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** Is an image that is there for `listed` there for `platform`? Variants are not compared, so that none is refused that would do. */
export function hasPlatform(listed: readonly string[], platform: string): boolean {
  const [os = '', machine = ''] = platform.split('/');
  const fits = [machine, ...(alsoRuns[machine] ?? [])].map((each) => `${os}/${each}`);
  return listed.some((each) => fits.includes(each.split('/').slice(0, 2).join('/')));
}

/** A platform with the variant that goes without saying: `linux/arm64` is `linux/arm64/v8`. https://github.com/containerd/platforms (normalizeArch) */
export function normalPlatform(platform: string): string {
  const [os = '', machine = '', variant = ''] = platform.split('/');
  const usualVariants: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8', arm: 'v7' };
  const own = variant === '' ? (usualVariants[machine] ?? '') : variant;
  return [os, machine, ...(own === '' ? [] : [own])].join('/');
}

/**
 * The image that an image starts from, through its stages, and the line that says so; undefined: none, one for a platform that the
 * Dockerfile names, or one that only the build knows. Pure.
 */
export function startOf(
  text: string,
  { buildArgs, target }: Pick<CatalogImage, 'buildArgs' | 'target'>,
  platform: string,
): { readonly reference: string; readonly line: number } | undefined {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return undefined;
  const settings = { buildArgs: knownArguments(buildArgs), platform };
  const { stages } = readStages(parsed.instructions, parsed.escape, settings);
  let stage = target === undefined ? stages.at(-1) : findStage(stages, target);
  while (stage?.base.kind === 'stage') stage = stages[stage.base.index];
  if (stage?.base.kind !== 'image' || stage.base.platform !== undefined) return undefined;
  return { reference: stage.base.reference, line: stage.from.line };
}

/** The line of a Dockerfile that names a base image; undefined: none does by itself. */
export function lineOfBase(
  text: string,
  { buildArgs }: Pick<CatalogImage, 'buildArgs'>,
  { reference, platform }: NeededBase,
): number | undefined {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return undefined;
  const settings = { buildArgs: knownArguments(buildArgs), platform };
  const { stages } = readStages(parsed.instructions, parsed.escape, settings);
  for (const { base, from, instructions, index } of stages) {
    if (base.kind === 'image' && base.reference === reference) return from.line;
    const copy = instructions.find(({ flags }) => {
      const name = flags.find((flag) => flag.name === 'from')?.value ?? '';
      const origin = originOf(name, stages, index);
      return origin.kind === 'image' && origin.reference === reference;
    });
    if (copy !== undefined) return copy.line;
  }
  return undefined;
}
