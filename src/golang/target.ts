import type { Ternary } from './constraint';

/** What is known about how the Go files of an image are compiled. An empty set: anything may be meant. */
export interface GoTarget {
  readonly os: ReadonlySet<string>;
  readonly arch: ReadonlySet<string>;
  /** Tags that a build is seen to set. */
  readonly tags: ReadonlySet<string>;
  /** Minor version of the `go` line: `go1.N` up to it certainly hold. */
  readonly goMinor: number;
}

// Both lists: go/build/syslist.go, https://github.com/golang/go/blob/master/src/internal/syslist/syslist.go
const knownOs = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
);
const knownArch = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ' +
    'ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
);
const unix = new Set('aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris'.split(' '));
/** An operating system for which another one's tag holds as well. */
const implied = new Map([
  ['android', 'linux'],
  ['illumos', 'solaris'],
  ['ios', 'darwin'],
]);

/**
 * Does this build tag hold? The tags that Go sets itself: https://pkg.go.dev/cmd/go#hdr-Build_constraints. Any other may be set where
 * it isn't seen (GOFLAGS of a base image, GOEXPERIMENT, a script), but for `ignore`, which by custom nobody sets.
 */
export function tagHolds(target: GoTarget, tag: string): Ternary {
  if (knownOs.has(tag)) return among(target.os, (os) => os === tag || implied.get(os) === tag);
  if (knownArch.has(tag)) return among(target.arch, (arch) => arch === tag);
  if (tag === 'unix') return among(target.os, (os) => unix.has(os));
  if (target.tags.has('gccgo') && /^gc(cgo)?$/.test(tag)) return undefined;
  if (tag === 'gc') return true;
  if (tag === 'gccgo' || (tag === 'ignore' && !target.tags.has(tag))) return false;
  const release = /^go1\.(\d{1,4})$/.exec(tag);
  return release !== null && Number(release[1]) <= target.goMinor ? true : undefined;
}

/** Does the file's name (`x_linux_arm64.go`) let it in? */
export function nameHolds(target: GoTarget, name: string): Ternary {
  const stem = name.slice(0, name.indexOf('.') < 0 ? undefined : name.indexOf('.'));
  const underscore = stem.indexOf('_');
  if (underscore < 0) return true;
  const parts = stem.slice(underscore + 1).split('_');
  if (parts.at(-1) === 'test') parts.pop();
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2) ?? '';
  if (knownArch.has(last) && knownOs.has(before)) {
    const os = tagHolds(target, before);
    const arch = tagHolds(target, last);
    return os === false || arch === false ? false : os === undefined || arch === undefined ? undefined : true;
  }
  return knownOs.has(last) || knownArch.has(last) ? tagHolds(target, last) : true;
}

/** True or false where all that may be meant agree. */
function among(set: ReadonlySet<string>, holds: (value: string) => boolean): Ternary {
  if (set.size === 0) return undefined;
  let yes = false;
  let no = false;
  for (const value of set) {
    if (holds(value)) yes = true;
    else no = true;
  }
  return yes && no ? undefined : yes;
}
