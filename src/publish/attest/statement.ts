/*
 * What is said of an image or a set, as in-toto statements: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 * No value of a build argument is in them and no path of a machine: what is public in a registry would be known to all.
 */

const statementType = 'https://in-toto.io/Statement/v1';
/** https://slsa.dev/spec/v1.1/provenance */
export const provenanceType = 'https://slsa.dev/provenance/v1';
/** An SPDX document: https://github.com/in-toto/attestation/blob/main/spec/predicates/spdx.md */
export const spdxType = 'https://spdx.dev/Document';
/** What cosign calls a signature that says no more than that: the predicate type of `cosign sign`. */
export const signatureType = 'https://sigstore.dev/cosign/sign/v1';
/**
 * Statements whose signer stands for the image: who signs what is in it, what a scan or a test found, or that it broke a rule, does not.
 */
export const standingTypes: ReadonlySet<string | undefined> = new Set([provenanceType, signatureType]);

/** The meaning of the parameters below, by the name of this package: https://github.com/package-url/purl-spec */
export const imageBuildType = 'pkg:npm/kfp-images#image/v1';
export const setBuildType = 'pkg:npm/kfp-images#set/v1';

/** Who ran what. */
export interface RunFacts {
  /** Address of the git repository; undefined: not known. */
  readonly source: string | undefined;
  /** `refs/heads/…`, `refs/tags/…`, `refs/pull/…`; undefined: not known. */
  readonly ref: string | undefined;
  /** What `{{branch}}` stands for. */
  readonly branch: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Address of the workflow that ran; undefined: no GitHub job. */
  readonly workflow: string | undefined;
  /** Address of the run; undefined: no GitHub job. */
  readonly invocation: string | undefined;
  /** Of this package. */
  readonly version: string;
}

/** An image, as it is said of it. */
export interface ImageFacts {
  readonly name: string;
  readonly repository: string;
  /** What is published. */
  readonly digest: string;
  /** Before binding; the same where it binds nothing. */
  readonly unbound: string;
  /** Content key, 64 hex digits. */
  readonly key: string;
  readonly result: 'built' | 'reused';
  readonly dockerfile: { readonly path: string; readonly oid: string } | undefined;
  readonly context: string;
  readonly target: string | undefined;
  readonly platforms: readonly string[];
  /** Names of build arguments. */
  readonly buildArgs: readonly string[];
  readonly bases: readonly { readonly reference: string; readonly digest: string }[];
  readonly binds: readonly {
    readonly variable: string;
    readonly image: string;
    readonly repository: string;
    readonly digest: string;
  }[];
  /** BuildKit's release, where it says so. */
  readonly buildkit: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

/** An image of a set, with where it comes from. */
export interface SetMember {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
  readonly key: string;
  /** `kept`: an earlier run of this commit put it into the set. */
  readonly result: 'built' | 'reused' | 'kept';
  /** Digest of the artifact that is attached to it as its provenance; undefined: it has none. */
  readonly provenance: string | undefined;
}

/** How one image came to be. The published digest is what it is about; so is the image before binding. */
export function imageStatement(run: RunFacts, image: ImageFacts): Uint8Array {
  const isBound = image.unbound !== image.digest;
  const subjects = [image.digest, ...(isBound ? [image.unbound] : [])];
  const predicate = {
    buildDefinition: {
      buildType: imageBuildType,
      externalParameters: {
        source: sourceOf(run),
        image: image.name,
        context: image.context,
        ...(image.dockerfile === undefined ? {} : { dockerfile: image.dockerfile.path }),
        ...(image.target === undefined ? {} : { target: image.target }),
        platforms: image.platforms,
        buildArgs: image.buildArgs,
      },
      internalParameters: {
        contentKey: image.key,
        result: image.result,
        branch: run.branch,
        ...(isBound ? { unbound: image.unbound } : {}),
        bind: Object.fromEntries(image.binds.map(({ variable, image: bound }) => [variable, bound])),
      },
      resolvedDependencies: [
        ...commitOf(run),
        ...(image.dockerfile === undefined
          ? []
          : [{ name: image.dockerfile.path, digest: { gitBlob: image.dockerfile.oid } }]),
        ...image.bases.map(({ reference, digest }) => ({
          name: 'base image',
          uri: `docker://${reference}`,
          digest: digestSet(digest),
        })),
        ...image.binds.map(({ image: name, repository, digest }) => ({
          name,
          uri: `docker://${repository}`,
          digest: digestSet(digest),
        })),
      ],
    },
    runDetails: {
      builder: builderOf(run, image.buildkit),
      metadata: {
        ...(run.invocation === undefined ? {} : { invocationId: run.invocation }),
        ...(image.startedAt === undefined ? {} : { startedOn: time(image.startedAt) }),
        ...(image.finishedAt === undefined ? {} : { finishedOn: time(image.finishedAt) }),
      },
    },
  };
  const named = subjects.map((digest) => ({ name: image.repository, digest: digestSet(digest) }));
  return encode(named, provenanceType, predicate);
}

/** That these images belong together, as those of one commit. */
export function setStatement(
  run: RunFacts,
  set: { readonly repository: string; readonly digest: string },
  members: readonly SetMember[],
): Uint8Array {
  const predicate = {
    buildDefinition: {
      buildType: setBuildType,
      externalParameters: { source: sourceOf(run), images: members.map(({ name }) => name) },
      internalParameters: {},
      resolvedDependencies: [
        ...commitOf(run),
        ...members.map(({ name, repository, digest, key, result, provenance }) => ({
          name,
          uri: `docker://${repository}`,
          digest: digestSet(digest),
          annotations: {
            contentKey: key,
            result,
            ...(provenance === undefined ? {} : { provenance }),
          },
        })),
      ],
    },
    runDetails: {
      builder: builderOf(run, undefined),
      metadata: run.invocation === undefined ? {} : { invocationId: run.invocation },
    },
  };
  return encode([{ name: set.repository, digest: digestSet(set.digest) }], provenanceType, predicate);
}

/** That whoever signs it stands for a digest, as `cosign sign` says it. */
export function signatureStatement(repository: string, digest: string): Uint8Array {
  return encode([{ name: repository, digest: digestSet(digest) }], signatureType, {});
}

/** What is in an image; `document`: SPDX. */
export function sbomStatement(repository: string, digests: readonly string[], document: unknown): Uint8Array {
  const named = digests.map((digest) => ({ name: repository, digest: digestSet(digest) }));
  return encode(named, spdxType, document);
}

function encode(subject: readonly object[], predicateType: string, predicate: unknown): Uint8Array {
  return Buffer.from(JSON.stringify({ _type: statementType, subject, predicateType, predicate }));
}

function sourceOf({ source, ref, commit }: RunFacts): object {
  return { ...(source === undefined ? {} : { repository: source }), ...(ref === undefined ? {} : { ref }), commit };
}

/** https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md */
function commitOf({ source, commit }: RunFacts): readonly object[] {
  const uri = source === undefined ? {} : { uri: `git+${source}` };
  return [{ name: 'source', ...uri, digest: { gitCommit: commit } }];
}

function builderOf({ workflow, version }: RunFacts, buildkit: string | undefined): object {
  return {
    id: workflow ?? `pkg:npm/kfp-images@${version}`,
    version: { 'kfp-images': version, ...(buildkit === undefined ? {} : { buildkit }) },
  };
}

function digestSet(digest: string): Readonly<Record<string, string>> {
  const colon = digest.indexOf(':');
  return { [digest.slice(0, colon)]: digest.slice(colon + 1) };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
