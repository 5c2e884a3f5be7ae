import { UsageError } from '../errors';
import { quoted } from '../system/quoted';
import { isHost, isLoopbackHost, isPathComponent, longestName } from '../oci/names';
import { gcrLocation, readPkgDevHost } from './googleHosts';

/** Where the images of a run go, as read from `registry-path`. */
export type RegistryPath = OtherRegistryPath | GoogleRegistryPath;

interface AnyRegistryPath {
  /** `name` or `name:port`, in small letters. */
  readonly host: string;
  /** Without slashes at either end. */
  readonly path: string;
  /** `host/path`: what image names are appended to. */
  readonly full: string;
  /** This very machine, where http is spoken. */
  readonly isLoopback: boolean;
  /** For people: it may work, but is probably not what was meant. */
  readonly warning: string | undefined;
}

interface OtherRegistryPath extends AnyRegistryPath {
  readonly kind: 'other';
}

/** A repository of Artifact Registry, by its own host or by one of the former Container Registry. */
export interface GoogleRegistryPath extends AnyRegistryPath {
  readonly kind: 'artifact-registry' | 'gcr';
  /** As the API and gcloud spell it: `my-project`, or `example.com:my-project`. */
  readonly project: string;
  readonly location: string;
  /** Name of the Artifact Registry repository; for the former Container Registry its host. */
  readonly repository: string;
}

const shape = 'LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, or HOST/PATH of any other registry';

/**
 * Reads the input `registry-path`. `https://`, doubled and trailing slashes are tolerated.
 * Throws UsageError that says what is wrong with it and how it should read.
 */
export function parseRegistryPath(input: string): RegistryPath {
  const text = input.trim();
  if (text === '') throw new UsageError(`registry-path is empty. Give ${shape}.`);
  const parts = withoutScheme(text)
    .split('/')
    .filter((part) => part !== '');
  const [host = '', ...path] = parts;
  refuseWhatIsNoPath(text, host, path);
  const known = { host, path: path.join('/'), full: parts.join('/'), isLoopback: isLoopbackHost(host) };
  if (known.full.length > longestName) {
    throw wrong(text, `it is ${known.full.length} characters long, a name may have ${longestName}`, 'Shorten it');
  }
  if (host.endsWith('.pkg.dev')) return artifactRegistry(text, host, path, known);
  const location = gcrLocation(host);
  if (location !== undefined) {
    const { project } = googleProject(path);
    return { ...known, kind: 'gcr', project, location, repository: host, warning: undefined };
  }
  return { ...known, kind: 'other', warning: host === 'docker.io' && path.length > 1 ? hubWarning(path) : undefined };
}

/** https://docs.docker.com/docker-hub/repos/create/ */
function hubWarning(path: readonly string[]): string {
  return `registry-path: Docker Hub's names have two parts, user or organization and image, so nothing can be pushed below docker.io/${path.join('/')}; give docker.io/${path[0] ?? ''}.`;
}

/**
 * Full name of an image's repository: `europe-west3-docker.pkg.dev/p/r` and `driver` give `europe-west3-docker.pkg.dev/p/r/driver`.
 * Throws UsageError when `repository` is not a name or the whole is too long.
 */
export function imageRepository(path: RegistryPath, repository: string): string {
  if (!repository.split('/').every(isPathComponent)) {
    throw new UsageError(
      `The repository name ${quoted(repository)} can't be used: small letters, digits and single . _ - between them, parts divided by /.`,
    );
  }
  const full = `${path.full}/${repository}`;
  if (full.length > longestName) {
    throw new UsageError(
      `${quoted(full)} is ${full.length} characters long, an image's name may have ${longestName}. Shorten registry-path.`,
    );
  }
  return full;
}

function withoutScheme(text: string): string {
  // A login in the URL is a secret: it is not repeated in the error.
  if (/^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i.test(text)) {
    throw new UsageError(
      `registry-path holds a login or an @ before the host. Give ${shape}; keys go to credentials-json.`,
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return text;
  const rest = text.slice(scheme.length + 3);
  if (scheme === 'https' || (scheme === 'http' && isLoopbackHost(rest.split('/')[0] ?? ''))) return rest;
  const why =
    scheme === 'http'
      ? 'http is spoken with this machine only, and with hosts that registry-hosts names for it (HOST=plain-http)'
      : `${scheme}:// is not how images are named`;
  throw wrong(text, why, `Write ${quoted(rest)}`);
}

function refuseWhatIsNoPath(text: string, host: string, path: readonly string[]): void {
  if (/[\s\u0000-\u001f\u007f]/.test(text)) throw wrong(text, 'it holds blanks or control characters', `Give ${shape}`);
  if (/[A-Z]/.test(text)) throw wrong(text, 'it holds capital letters', `Write ${quoted(text.toLowerCase())}`);
  if (path.join('/').includes('@')) throw wrong(text, 'it holds a digest', 'Leave out everything from the @ on');
  if (path.length === 0) {
    const why = looksLikeHost(host) ? 'it names a host, but no path on it' : 'it has one part only';
    throw wrong(text, why, `Give ${shape}`);
  }
  if (!looksLikeHost(host)) {
    throw wrong(
      text,
      `"${host}" is not a registry host`,
      `Give ${shape} (on Docker Hub: docker.io/${path.length > 0 ? host : 'NAME'})`,
    );
  }
  if (!isHost(host)) throw wrong(text, `the host ${quoted(host)} can't be read`, `Give ${shape}`);
  const bad = path.find((part) => !isPathComponent(part));
  if (bad === undefined) return;
  const scoped = /^([a-z0-9.-]+\.[a-z]+):([a-z][a-z0-9-]*)$/.exec(bad);
  if (scoped !== null && host.endsWith('.pkg.dev')) {
    const fix = `A project of a domain is two parts here: write ${quoted(text.replace(bad, `${scoped[1] ?? ''}/${scoped[2] ?? ''}`))}`;
    throw wrong(text, `${quoted(bad)} can't be in the name of an image`, fix);
  }
  if (bad === path.at(-1) && bad.includes(':')) {
    throw wrong(
      text,
      `it holds the tag ${quoted(bad.slice(bad.indexOf(':') + 1))}`,
      'Leave it out; tags are given by the input "tags"',
    );
  }
  throw wrong(
    text,
    `the part ${quoted(bad)} can't be used`,
    'Use small letters and digits, with single . _ or - between them',
  );
}

function artifactRegistry(
  text: string,
  host: string,
  path: readonly string[],
  known: Omit<AnyRegistryPath, 'warning'>,
): GoogleRegistryPath {
  const read = readPkgDevHost(host);
  if (read.kind === 'wrong') {
    const meant =
      read.suggestion === undefined ? `Give ${shape}` : `Did you mean ${read.suggestion}/${path.join('/')}?`;
    throw wrong(text, read.why, meant);
  }
  const { project, rest } = googleProject(path);
  const repository = rest[0];
  if (repository === undefined) {
    const fix = `Give ${host}/${path.join('/')}/REPOSITORY (gcloud artifacts repositories list shows those there are)`;
    throw wrong(text, 'the name of the repository is missing after the project', fix);
  }
  const meant = read.unknown?.suggestion;
  const warning =
    read.unknown === undefined
      ? undefined
      : `registry-path: ${read.location} is not a location of Artifact Registry that we know${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  return { ...known, kind: 'artifact-registry', project, location: read.location, repository, warning };
}

/** A project of a domain, `example.com:p`, is `example.com/p` in the name of an image: https://cloud.google.com/artifact-registry/docs/docker/names#domain */
function googleProject(path: readonly string[]): { readonly project: string; readonly rest: readonly string[] } {
  const [first = '', second, ...rest] = path;
  return first.includes('.') && second !== undefined
    ? { project: `${first}:${second}`, rest }
    : { project: first, rest: path.slice(1) };
}

/** As Docker decides whether the first part of a name is a host. */
function looksLikeHost(part: string): boolean {
  return part === 'localhost' || part.includes('.') || part.includes(':');
}

function wrong(text: string, why: string, fix: string): UsageError {
  return new UsageError(`registry-path ${quoted(text)} can't be used: ${why}. ${fix}${fix.endsWith('?') ? '' : '.'}`);
}
