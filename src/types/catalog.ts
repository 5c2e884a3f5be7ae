import type { SourcePosition } from './build';

/** What an image is made from, beyond its Dockerfile. */
export type ImageInputs =
  | { readonly kind: 'dockerfile' }
  /** Go main package, `./backend/src/apiserver`, relative to the repository; `paths`: globs of further files that count. */
  | { readonly kind: 'go'; readonly mainPackage: string; readonly paths: readonly string[] }
  | { readonly kind: 'paths'; readonly globs: readonly string[] }
  /** Everything in the context counts. */
  | { readonly kind: 'context' };

/** Where an image runs on a cluster. */
export interface DeployTarget {
  readonly deployment: string;
  readonly container: string;
}

/** Another context that the Dockerfile can name in FROM and --from: a folder of the repository, an image, a commit of another repository. */
export type NamedContext =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'git'; readonly url: string };

/** What a build is given beside its files, as docker's own flags of these names. */
export interface BuildOptions {
  /** Ids of secrets; their values come from the run's inputs. */
  readonly secrets: readonly string[];
  /** Ids of agents or keys. */
  readonly ssh: readonly string[];
  readonly buildContexts: Readonly<Record<string, NamedContext>>;
  /** Values may hold the placeholders of `buildArgs`; what they are filled with is not in the content key. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly network: 'default' | 'none' | 'host' | undefined;
  /** Host name → address. */
  readonly addHosts: Readonly<Record<string, string>>;
  readonly shmSize: string | undefined;
  /** Name → `SOFT[:HARD]`. */
  readonly ulimits: Readonly<Record<string, string>>;
}

/** Where a custom resource names an image, and which Deployment its operator makes of that. */
export interface OperatorImage {
  /** Keys that lead to the text with the image's reference: `['spec', 'apiServer', 'image']`. */
  readonly path: readonly string[];
  /** Where the custom resource says `false` when the operator is to leave this part alone; undefined: it always writes it. */
  readonly unlessFalse: readonly string[] | undefined;
  /** `{{name}}` in the Deployment's name is that of the custom resource. undefined: the image runs elsewhere, as driver and launcher do. */
  readonly deploy: DeployTarget | undefined;
}

/** An operator that makes Deployments out of a custom resource, which names their images. */
export interface Operator {
  readonly name: string;
  readonly group: string;
  /** undefined: the one that the API server prefers. */
  readonly version: string | undefined;
  readonly kind: string;
  /** Name of the custom resource; undefined: each of the namespace. */
  readonly resource: string | undefined;
  /** The service account of runs; `{{name}}` is that of the custom resource. */
  readonly runAccount: string | undefined;
  readonly images: ReadonlyMap<string, OperatorImage>;
}

export interface CatalogImage {
  readonly name: string;
  /** Paths are relative to the repository's top, with `/`, never leaving it. */
  readonly dockerfile: string;
  readonly context: string;
  /** Appended to the registry path. */
  readonly repository: string;
  readonly target: string | undefined;
  readonly inputs: ImageInputs;
  /** Instead of those of the run; undefined: those of the run. */
  readonly platforms?: readonly string[] | undefined;
  readonly cacheMounts: readonly string[];
  /** Values may hold `{{sha}}`, `{{short_sha}}`, `{{branch}}`, `{{date}}`; such arguments stay out of the content key. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Environment variable → name of the image whose `REPOSITORY@sha256:…` it carries. */
  readonly bind: Readonly<Record<string, string>>;
  readonly deploy: DeployTarget | undefined;
  /** Images of the same set that its Dockerfile starts or copies from; undefined: none was found, or nobody looked. */
  readonly builtOn?: readonly string[];
  /** undefined: none are given. */
  readonly options?: BuildOptions;
  /** For people: build arguments that are left out, because their variable is not set. */
  readonly unsetArguments?: readonly string[];
}

export interface Catalog {
  /** Path of the file it was read from; undefined: built in. */
  readonly source: string | undefined;
  /** Where the file has a field (`['images', NAME, 'context']`), or what is above it. */
  readonly positionOf?: (path: readonly string[]) => SourcePosition | undefined;
  /** In the order of the file. */
  readonly images: ReadonlyMap<string, CatalogImage>;
  /** Group or alias → image names. Always has `backend-all`: every image. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Operators that name images in a custom resource; undefined: none. */
  readonly operators?: ReadonlyMap<string, Operator>;
}
