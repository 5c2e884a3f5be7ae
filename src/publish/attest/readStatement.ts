import { isDigest } from '../../oci/names';
import { field, parseJson } from '../../system/json';
import { imageBuildType, provenanceType, setBuildType } from './statement';

/* What statements say, of ours and of others: hostile until it is read here. */

/** What of a provenance is read again. */
export interface Provenance {
  readonly kind: 'image' | 'set';
  /** Digests that it is about. */
  readonly subjects: readonly string[];
  readonly commit: string | undefined;
  readonly ref: string | undefined;
  /** What `{{branch}}` stood for. */
  readonly branch: string | undefined;
  readonly invocation: string | undefined;
  /** Of an image. */
  readonly key: string | undefined;
  readonly result: string | undefined;
  readonly buildkit: string | undefined;
  readonly bases: ReadonlyMap<string, string>;
  readonly platforms: readonly string[];
  /** Of a set: name → repository, digest and key. */
  readonly images: ReadonlyMap<string, { readonly uri: string; readonly digest: string; readonly key: string }>;
  /** Of a set: name → the artifact that is its image's provenance. */
  readonly artifacts: ReadonlyMap<string, string>;
}

/** Digests that a statement is about, and its predicate's type; undefined: it is not a statement. */
export function readStatement(
  bytes: Uint8Array,
): { readonly subjects: readonly string[]; readonly predicateType: string; readonly predicate: unknown } | undefined {
  const json = parseJson(bytes);
  const [type, subject, predicateType] = [field(json, '_type'), field(json, 'subject'), field(json, 'predicateType')];
  if (typeof type !== 'string' || !type.startsWith('https://in-toto.io/Statement/')) return undefined;
  if (!Array.isArray(subject) || typeof predicateType !== 'string') return undefined;
  const subjects = subject.flatMap((each: unknown) => digestIn(field(each, 'digest')) ?? []);
  return { subjects, predicateType, predicate: field(json, 'predicate') };
}

/** Reads a provenance of ours. undefined: it is another's, or none. Never throws. */
export function readProvenance(bytes: Uint8Array): Provenance | undefined {
  const statement = readStatement(bytes);
  if (statement?.predicateType !== provenanceType) return undefined;
  const definition = field(statement.predicate, 'buildDefinition');
  const buildType = field(definition, 'buildType');
  if (buildType !== imageBuildType && buildType !== setBuildType) return undefined;
  const external = field(definition, 'externalParameters');
  const internal = field(definition, 'internalParameters');
  const details = field(statement.predicate, 'runDetails');
  const given = field(definition, 'resolvedDependencies');
  const dependencies: readonly unknown[] = Array.isArray(given) ? given : [];
  const images = dependencies.flatMap((each) => {
    const [name, uri, digest] = [text(field(each, 'name')), text(field(each, 'uri')), digestIn(field(each, 'digest'))];
    const key = text(field(field(each, 'annotations'), 'contentKey'));
    return name === undefined || uri === undefined || digest === undefined || key === undefined
      ? []
      : [[name, { uri, digest, key }] as const];
  });
  const artifacts = dependencies.flatMap((each) => {
    const [name, provenance] = [text(field(each, 'name')), text(field(field(each, 'annotations'), 'provenance'))];
    return name === undefined || provenance === undefined ? [] : [[name, provenance] as const];
  });
  const bases = dependencies.flatMap((each) => {
    const [uri, digest] = [text(field(each, 'uri')), digestIn(field(each, 'digest'))];
    const isBase = field(each, 'name') === 'base image' && uri?.startsWith('docker://') === true;
    return isBase && digest !== undefined ? [[uri.slice('docker://'.length), digest] as const] : [];
  });
  return {
    kind: buildType === imageBuildType ? 'image' : 'set',
    subjects: statement.subjects,
    commit: text(field(field(external, 'source'), 'commit')),
    ref: text(field(field(external, 'source'), 'ref')),
    branch: text(field(internal, 'branch')),
    invocation: text(field(field(details, 'metadata'), 'invocationId')),
    key: text(field(internal, 'contentKey')),
    result: text(field(internal, 'result')),
    buildkit: text(field(field(field(details, 'builder'), 'version'), 'buildkit')),
    bases: new Map(bases),
    platforms: texts(field(external, 'platforms')),
    images: new Map(images),
    artifacts: new Map(artifacts),
  };
}

function digestIn(set: unknown): string | undefined {
  const found = ['sha256', 'sha512'].map((algorithm) => `${algorithm}:${text(field(set, algorithm)) ?? ''}`);
  return found.find(isDigest);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
