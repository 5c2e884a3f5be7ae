import { expandTemplate } from '../system/template';
import type { CatalogImage } from '../types';

/** What an id of the catalog stands for in this run. */
export type GivenSecret =
  { readonly kind: 'value'; readonly value: string } | { readonly kind: 'file'; readonly path: string };

/** By their ids. An agent's value is the path of a socket or key; empty: the agent of this machine. */
export interface GivenSecrets {
  readonly secrets: ReadonlyMap<string, GivenSecret>;
  readonly ssh: ReadonlyMap<string, string>;
}

/** A file, or without one the engine. https://docs.docker.com/build/exporters/oci-docker/ */
export interface Destination {
  readonly type: 'oci' | 'docker';
  /** Absolute. */
  readonly file?: string;
}

/** The part of a build's request that these arguments depend on. */
interface OptionRequest {
  readonly image: Pick<CatalogImage, 'options'>;
  readonly values: Readonly<Record<string, string>>;
  readonly baseImages: ReadonlyMap<string, string>;
  readonly contexts?: ReadonlyMap<string, string>;
  readonly given?: GivenSecrets;
  readonly noCache?: boolean;
}

/** The arguments for what the catalog gives a build beside its files. No value of a secret is among them. */
export function optionArgs(request: OptionRequest): readonly string[] {
  const { image, values, given } = request;
  // No `--pull`: base images are looked up in every run, and one that only this engine has could not be pulled.
  const uncached = isUncached(request) ? ['--no-cache'] : [];
  const { options } = image;
  if (options === undefined) return uncached;
  const each = (flag: string, list: readonly string[]): readonly string[] => list.flatMap((value) => [flag, value]);
  const pairs = (texts: Readonly<Record<string, string>>, cut: string): readonly string[] =>
    Object.entries(texts).map(([name, value]) => `${name}${cut}${value}`);
  return [
    ...each('--build-context', namedContexts(request)),
    ...each('--annotation', pairs(filledIn(options.annotations, values), '=')),
    ...each(
      '--secret',
      options.secrets.map((id) => secretOption(id, given?.secrets.get(id))),
    ),
    ...each(
      '--ssh',
      options.ssh.map((id) => sshOption(id, given?.ssh.get(id))),
    ),
    ...(options.network === undefined ? [] : ['--network', options.network]),
    ...each('--add-host', pairs(options.addHosts, ':')),
    ...(options.shmSize === undefined ? [] : ['--shm-size', options.shmSize]),
    ...each('--ulimit', pairs(options.ulimits, '=')),
    ...uncached,
  ];
}

/** Does this build use nothing of earlier ones: by the run, or by the catalog? */
export function isUncached({ image, noCache }: Pick<OptionRequest, 'image' | 'noCache'>): boolean {
  return noCache === true || image.options?.noCache === true;
}

/** Secrets of which the run has the value, as variables of the child: an argument could be read by every process of the machine. */
export function secretEnvironment({
  image,
  given,
}: Pick<OptionRequest, 'image' | 'given'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (image.options?.secrets ?? []).flatMap((id) => {
      const secret = given?.secrets.get(id);
      return secret?.kind === 'value' ? [[variableOf(id), secret.value] as const] : [];
    }),
  );
}

/** Texts with their placeholders filled in. */
export function filledIn(
  texts: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expandTemplate(text, values)]));
}

/** One field of an option that is read as comma-separated values: quoted where it holds what means something there. */
export function field(name: string, value: string): string {
  const text = `${name}=${value}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The images that named contexts put in the place of others, by digest where that is known. */
export function replacingImages(
  { options }: Pick<CatalogImage, 'options'>,
  baseImages: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(options?.buildContexts ?? {}).flatMap(([name, context]) =>
      context.kind === 'image' ? [[name, byDigest(context, baseImages)] as const] : [],
    ),
  );
}

function byDigest({ reference }: { readonly reference: string }, baseImages: ReadonlyMap<string, string>): string {
  return baseImages.get(reference) ?? reference;
}

function namedContexts({ image, contexts, baseImages }: OptionRequest): readonly string[] {
  return Object.entries(image.options?.buildContexts ?? {}).map(([name, context]) => {
    switch (context.kind) {
      case 'folder':
        return `${name}=./${contexts?.get(name) ?? context.path}`;
      case 'image':
        return `${name}=docker-image://${byDigest(context, baseImages)}`;
      case 'git':
        return `${name}=${context.url}`;
    }
  });
}

function secretOption(id: string, secret: GivenSecret | undefined): string {
  return secret?.kind === 'file' ? `id=${id},${field('src', secret.path)}` : `id=${id},env=${variableOf(id)}`;
}

function sshOption(id: string, path: string | undefined): string {
  return path === undefined || path === '' ? id : field(id, path);
}

/** An id has characters that no variable's name can have; two ids never share a variable. */
function variableOf(id: string): string {
  return `KFP_IMAGES_SECRET_${id.replace(/[^A-Za-z0-9]/g, (sign) => `_${sign.charCodeAt(0).toString(16)}_`)}`;
}
