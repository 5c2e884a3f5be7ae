import { isWithheld } from '../system/childEnvironment';
import { didYouMean } from '../system/nearest';
import { bounds, inWords } from '../system/bounds';
import { quoted } from '../system/quoted';
import { hasStrayBraces, placeholders } from '../system/template';

/*
 * What the texts of a catalog may be. Each check gives what is wrong and how to fix it, or undefined.
 */

/** What is beside the images under names of its own: release sets, and the caches of builds. */
const ownRepositories = new Map([
  ['kfp-images-set', 'the release set is kept'],
  ['kfp-images-cache', 'the caches of builds are kept'],
]);

/** An image's or a group's name: a keyword, so short, lower case and without brackets, commas and blanks. */
export function wrongName(name: string): string | undefined {
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name)) {
    return 'is not a name; use a-z, 0-9, ".", "_" and "-", beginning with a letter or digit, 128 at most';
  }
  if (name === 'all' || ownRepositories.has(name)) return `can't be used: ${quoted(name)} has a meaning of its own`;
  return undefined;
}

/**
 * A repository's name below the registry path, by the grammar of the OCI distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests).
 */
export function wrongRepository(name: string): string | undefined {
  if (
    name.length > bounds.name.repository ||
    !/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/.test(name)
  ) {
    return `${quoted(name)} is not the name of a repository; use a-z and 0-9, with single ".", "_" or "-" between them, and "/" between parts`;
  }
  // Also that of a registry path below this one.
  const own = ownRepositories.get(name.split('/').at(-1) ?? '');
  if (own !== undefined) return `${quoted(name)} is where ${own}; choose another`;
  return undefined;
}

/**
 * A path below the repository's top. Checking the words is enough: what is built comes from git objects (or from a snapshot of the
 * work tree that is itself made of git objects), where a link that points outside is just a file with a text in it.
 */
export function wrongPath(path: string): string | undefined {
  if (path === '' || /[\u0000-\u001f\u007f]/.test(path))
    return 'must be a path; it is empty or holds control characters';
  if (path.includes('\\')) return `${quoted(path)} has a backslash; write "/" between folders`;
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path))
    return `${quoted(path)} is absolute; write it relative to the repository's top`;
  if (path.split('/').includes('..'))
    return `${quoted(path)} leaves the repository or may do so; write it without ".."`;
  if (path.includes('//')) return `${quoted(path)} is not a path of this repository; write single "/"`;
  if (path.startsWith('-')) return `${quoted(path)} could be taken for an option; write ./ before it`;
  return undefined;
}

/** The path without `.` parts and a trailing `/`; `.` for the repository's top. */
export function normalPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}

/** A path to a file. */
export function wrongFile(path: string): string | undefined {
  const wrong = wrongPath(path);
  if (wrong !== undefined) return wrong;
  return path.endsWith('/') || normalPath(path) === '.' ? `${quoted(path)} is a folder; name the file` : undefined;
}

/** A pattern over paths: `*` within a part, `**` over parts, `?`. */
export function wrongGlob(glob: string): string | undefined {
  if (glob.startsWith('!')) return `${quoted(glob)} takes files away, which can't be done; name what counts`;
  return wrongPath(glob);
}

/** A Go main package: a folder of the repository. */
export function wrongMainPackage(path: string): string | undefined {
  const wrong = wrongPath(path);
  if (wrong !== undefined) return wrong;
  if (path.includes('...')) return `${quoted(path)} is a pattern; name the one folder that holds package main`;
  return path.endsWith('.go') ? `${quoted(path)} is a file; name its folder` : undefined;
}

/** A name of an environment variable or a build argument. */
export function wrongVariable(name: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)
    ? undefined
    : 'is not the name of a variable; use letters, digits and "_", not beginning with a digit';
}

/** The name of a build argument. BuildKit takes `BUILDKIT_…` for itself: another frontend, say, which would read the Dockerfile in its own way. */
export function wrongArgument(name: string): string | undefined {
  return /^BUILDKIT_/i.test(name)
    ? 'can’t be used: arguments BUILDKIT_… change how BuildKit itself works (https://docs.docker.com/build/buildkit/configure/), and with it what counts for this image; put what you need into the Dockerfile, such as "# syntax="'
    : wrongVariable(name);
}

const templateNames = ['sha', 'short_sha', 'branch', 'date'];

/** The value of a build argument: a text with placeholders, variables of the run's environment (`{{env.NAME}}`) among them. */
export function wrongArgumentValue(value: string): string | undefined {
  const variables = placeholders(value).flatMap((name) => (name.startsWith('env.') ? [name.slice(4)] : []));
  const wrong = variables.find((name) => wrongVariable(name) !== undefined);
  if (wrong !== undefined) return `has {{env.${quoted(wrong).slice(1, -1)}}}, which is not the name of a variable`;
  const withheldOne = variables.find(isWithheld);
  if (withheldOne !== undefined) {
    return `has {{env.${withheldOne}}}, which holds a secret or an input of the run; a build argument can be read in the image. Use secrets`;
  }
  return wrongTemplate(value.replace(environmentPlaceholder, ''), [...templateNames, 'env.NAME']);
}

/** `{{env.NAME}}` */
export const environmentPlaceholder = /\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The value of a label: a text with placeholders. */
export function wrongTemplate(value: string, names: readonly string[] = templateNames): string | undefined {
  const unknown = placeholders(value).find((name) => !templateNames.includes(name));
  const known = names.map((name) => `{{${name}}}`).join(', ');
  if (unknown !== undefined) {
    return `has the unknown placeholder ${quoted(unknown)}; known: ${known}${didYouMean(unknown, names)}`;
  }
  const { argumentBytes } = bounds.input;
  if (Buffer.byteLength(value) > argumentBytes)
    return `is larger than ${inWords(argumentBytes)}, more than a program takes`;
  if (hasStrayBraces(value)) return `has an unfinished placeholder; known: ${known}`;
  return value.includes('\0') ? 'holds a NUL character, which no argument of a program can' : undefined;
}

/** Where a cache is mounted: it becomes part of a Dockerfile's `--mount=type=cache,target=…`, so nothing that means something there. */
export function wrongMount(path: string): string | undefined {
  if (!/^(\/[A-Za-z0-9._@+-]+)+\/?$/.test(path)) {
    return `${quoted(path)} is not an absolute path of letters, digits and ._@+-; for example /root/.cache/go-build`;
  }
  return path.split('/').some((part) => part === '..' || part === '.')
    ? `${quoted(path)} has "." or ".." in it; write the path itself`
    : undefined;
}

/** The name of a build stage: https://docs.docker.com/reference/dockerfile/#from */
export function wrongTarget(name: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)
    ? undefined
    : `${quoted(name)} is not the name of a build stage`;
}

/** Names of Kubernetes objects: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export function wrongDeployment(name: string): string | undefined {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)
    ? undefined
    : `${quoted(name)} is not the name of a Deployment; use a-z, 0-9, "-" and "."`;
}

/** A container's name is a DNS label. */
export function wrongContainer(name: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
    ? undefined
    : `${quoted(name)} is not the name of a container; use a-z, 0-9 and "-", 63 at most`;
}

/** A platform as containerd writes it: https://pkg.go.dev/github.com/containerd/platforms */
export function wrongPlatform(platform: string): string | undefined {
  return /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9_.]+)?$/.test(platform)
    ? undefined
    : 'is not a platform; use os/architecture[/variant], for example linux/amd64 or linux/arm64/v8';
}
