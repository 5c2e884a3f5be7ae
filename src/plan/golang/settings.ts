import type { BaseImage } from '../dockerfile/useTypes';
import type { Ternary } from './constraint';
import type { ModuleSettings } from './modules';
import type { Setting } from './goCommand';
import type { RunReader } from './runReader';
import type { GoTarget } from './target';

/** How a Dockerfile compiles Go, as far as its text tells; what it leaves open stays open. */
export interface GoSettings {
  readonly modules: ModuleSettings;
  /** The `go` line of go.mod is only known later. */
  readonly target: Omit<GoTarget, 'goMinor'>;
}

/** Sums up ENV, the variables and flags of RUNs, and the platform of the image and of its builder stages. */
export function goSettings(
  platform: string,
  environment: readonly Setting[],
  run: RunReader,
  bases: readonly BaseImage[],
): GoSettings {
  const everywhere = (name: string): readonly (string | undefined)[] => values(environment, name);
  const somewhere = (name: string): readonly (string | undefined)[] => values(run.settings, name);
  const both = (name: string): readonly (string | undefined)[] => [...everywhere(name), ...somewhere(name)];
  const goFlags = both('GOFLAGS').flatMap(flagsOf);
  const flags = [...run.flags, ...goFlags];
  const tags = tagsOf(flags, run.compiles === 1 && goFlags.length === 0);
  const [os = 'linux', arch = 'amd64'] = platform.split('/');
  const builders = bases.flatMap((base) => base.platform ?? []).filter((other) => other !== platform);
  const work = both('GOWORK');
  return {
    modules: {
      workOff:
        everywhere('GOWORK').at(-1) === 'off' && somewhere('GOWORK').length === 0
          ? true
          : work.length > 0
            ? undefined
            : false,
      modFlag: flags.some(([name]) => name === 'mod'),
    },
    target: {
      os: possible(os, both('GOOS'), builders, 0),
      arch: possible(arch, both('GOARCH'), builders, 1),
      cgo: cgo(everywhere('CGO_ENABLED'), somewhere('CGO_ENABLED'), run),
      ...tags,
    },
  };
}

/** The image's own, and whatever is named; a builder stage of another platform compiles for that one unless told. */
function possible(
  own: string,
  named: readonly (string | undefined)[],
  builders: readonly string[],
  part: 0 | 1,
): ReadonlySet<string> {
  const all = new Set([own]);
  for (const value of named) {
    if (value === undefined || value === '') return new Set();
    all.add(value);
  }
  if (named.length > 0) return all;
  for (const platform of builders) {
    const value = platform.split('/')[part];
    // $BUILDPLATFORM: whatever machine the builder runs on.
    if (value === undefined || /[$]/.test(platform)) return new Set();
    all.add(value);
  }
  return all;
}

function cgo(
  everywhere: readonly (string | undefined)[],
  somewhere: readonly (string | undefined)[],
  run: RunReader,
): Ternary {
  const all = [...everywhere, ...somewhere];
  const always = everywhere.length > 0 || (run.compiles > 0 && run.compilesWithoutCgo === run.compiles);
  if (all.length > 0 && always && all.every((value) => value === '0')) return false;
  return everywhere.length > 0 && all.every((value) => value === '1') ? true : undefined;
}

/** With a single compiling command its tags are certain; else each may or may not be set. */
function tagsOf(flags: readonly Setting[], certain: boolean): Pick<GoTarget, 'tags' | 'maybeTags' | 'unknownTags'> {
  const tags = new Set<string>();
  let unknownTags = false;
  for (const [name, value] of flags) {
    if (name === 'tags' && value === undefined) unknownTags = true;
    else if (name === 'tags') for (const tag of (value ?? '').split(/[,\s]+/)) tags.add(tag);
    else if (/^(race|msan|asan)$/.test(name)) tags.add(name);
  }
  tags.delete('');
  const none = new Set<string>();
  return certain ? { tags, maybeTags: none, unknownTags } : { tags: none, maybeTags: tags, unknownTags };
}

function flagsOf(text: string | undefined): readonly Setting[] {
  if (text === undefined)
    return [
      ['tags', undefined],
      ['mod', undefined],
    ];
  return text.split(/\s+/).flatMap((word): readonly Setting[] => {
    const flag = /^--?([A-Za-z]+)(?:=(.*))?$/.exec(word);
    return flag === null ? [] : [[flag[1] ?? '', flag[2] ?? '']];
  });
}

function values(settings: readonly Setting[], name: string): readonly (string | undefined)[] {
  return settings.filter(([known]) => known === name).map(([, value]) => value);
}
