import type { BaseImage } from '../dockerfile/instructionUse';
import { flagsOf, type Setting } from './goCommand';
import type { ModuleSettings } from './modules';
import type { RunReader } from './runReader';
import type { GoTarget } from './target';

/** How a Dockerfile compiles Go, as far as its text says; what it leaves open stays open. */
export interface GoSettings {
  readonly modules: ModuleSettings;
  /** The `go` line of go.mod is only known later. */
  readonly target: Omit<GoTarget, 'goMinor'>;
}

/** Sums up ENV and ARG, the variables and flags of RUNs, and the platform of the image and of its builder stages. */
export function goSettings(
  platform: string,
  environment: readonly Setting[],
  run: RunReader,
  bases: readonly BaseImage[],
): GoSettings {
  const all = [...environment, ...run.settings];
  const both = (name: string): readonly (string | undefined)[] => values(all, name);
  const flags = [...run.flags, ...both('GOFLAGS').flatMap(flagsOf)];
  const tags = flags.flatMap(([name, value]) => (name === 'tags' ? (value?.split(/[,\s]+/) ?? ['ignore']) : []));
  // Another compiler has `gccgo` hold, and `gc` not.
  if (flags.some(([name, value]) => name === 'compiler' && value !== 'gc')) tags.push('gccgo');
  const [os = 'linux', arch = 'amd64'] = platform.split('/');
  const builders = bases.flatMap((base) => base.platform ?? []).filter((other) => other !== platform);
  const work = both('GOWORK');
  const workOff = work.every((value) => value === 'off') && values(environment, 'GOWORK').length > 0;
  return {
    modules: {
      workOff: workOff ? true : work.length > 0 ? undefined : false,
      modFlag: flags.some(([name]) => name === 'mod'),
    },
    target: {
      os: possible(os, both('GOOS'), builders, 0),
      arch: possible(arch, both('GOARCH'), builders, 1),
      tags: new Set(tags),
    },
  };
}

/** The image's own, and whatever is named; a builder stage of another platform compiles for that one unless GOOS and GOARCH say otherwise. */
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

function values(settings: readonly Setting[], name: string): readonly (string | undefined)[] {
  return settings.filter(([known]) => known === name).map(([, value]) => value);
}
