/** What an image is made from, beyond its Dockerfile. */
export type ImageInputs =
  | { readonly kind: 'dockerfile' }
  /** Go main package, `./backend/src/apiserver`, relative to the repository; `paths`: globs of further files that count. */
  | { readonly kind: 'go'; readonly mainPackage: string; readonly paths: readonly string[] }
  | { readonly kind: 'paths'; readonly globs: readonly string[] };

/** Where an image runs on a cluster. */
export interface DeployTarget {
  readonly deployment: string;
  readonly container: string;
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
  readonly cacheMounts: readonly string[];
  /** Values may hold `{{sha}}`, `{{short_sha}}`, `{{branch}}`, `{{date}}`; such arguments stay out of the content key. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Environment variable → name of the image whose `REPOSITORY@sha256:…` it carries. */
  readonly bind: Readonly<Record<string, string>>;
  readonly deploy: DeployTarget | undefined;
}

export interface Catalog {
  /** Path of the file it was read from; undefined: built in. */
  readonly source: string | undefined;
  /** In the order of the file. */
  readonly images: ReadonlyMap<string, CatalogImage>;
  /** Group or alias → image names. Always has `backend-all`: every image. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}
