import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { nativeCode, prepareDockerfile, writeDockerfile, type PreparedDockerfile } from '../builder/buildDockerfile';
import type { BaseConfigs } from '../dockerfile/stages';
import type { Seeds } from '../builder/rewriteDockerfile';
import { writeTrees } from '../git/treeFiles';
import { buildTreeOf, type BuildTree } from '../plan/buildTree';
import { keyedBases, type KeyedBase } from '../plan/keyLines';
import { platformsOfImage } from '../plan/platforms';
import { commitTag } from '../publish/tags';
import type { Scratch } from '../system/scratch';
import { expandTemplate } from '../system/template';
import type { CatalogImage } from '../types';
import { pushedName } from './access';
import type { Work } from './work';

/** What one build gets, decided from git alone. */
export interface BuildInputs {
  readonly image: CatalogImage;
  readonly tree: BuildTree;
  readonly dockerfile: PreparedDockerfile;
  /** The same with mounts that start from these. */
  readonly prepare: (seeds: Seeds) => PreparedDockerfile;
  /** The Dockerfile and the ignore file in force as they are committed. */
  readonly texts: { readonly dockerfile: Buffer; readonly ignore: Buffer | undefined };
}

/** Decides what each build of the plan gets: the files of its content key, and its Dockerfile, with the cache mounts of its image. */
export async function buildInputs(work: Work): Promise<ReadonlyMap<string, BuildInputs>> {
  const { source, decision, inputs, values, github, bases } = work;
  const found = decision.plan.images.flatMap(({ name, action }) => {
    const image = source.catalog.images.get(name);
    const key = decision.keys.get(name);
    return action !== 'build' || image === undefined || key === undefined ? [] : [{ image, tree: buildTreeOf(key) }];
  });
  const oids = found.flatMap(({ tree }) => [
    tree.dockerfile.oid,
    ...(tree.ignore === undefined ? [] : [tree.ignore.oid]),
  ]);
  const texts = new Map<string, Buffer>();
  await source.tree.read([...new Set(oids)], (oid, content) => texts.set(oid, Buffer.from(content)));
  // Forks of one repository on the same engine share what they compile; strangers don't.
  const repository = github?.repository;
  const namespace = repository === undefined ? basename(source.top) : `${repository.owner}/${repository.name}`;
  const { configs } = bases;
  return new Map(
    found.map(({ image, tree }) => {
      const buildArgs = Object.fromEntries(
        Object.entries(image.buildArgs).map(([name, value]) => [name, expandTemplate(value, values)]),
      );
      const bytes = texts.get(tree.dockerfile.oid) ?? Buffer.alloc(0);
      // For a mount's owner the first platform is enough.
      const [first] = platformsOfImage(image, inputs.platforms);
      const baseConfig: BaseConfigs | undefined =
        configs && ((reference, platform) => configs(reference, platform) ?? configs(reference, first));
      // What an earlier build left in a cache mount is something of an earlier build.
      const mounting = inputs.noCache ? { ...image, cacheMounts: [] } : image;
      const prepare = (seeds: Seeds): PreparedDockerfile =>
        prepareDockerfile(mounting, bytes.toString('utf8'), buildArgs, namespace, {
          pins: pinsOf(work, image.name),
          native: nativeCode(tree.files),
          baseConfig,
          // In a registry it is bound by digest, when those it binds are there.
          variables: work.access === undefined ? localVariables(work, image) : {},
          seeds,
        });
      const ignore = tree.ignore === undefined ? undefined : texts.get(tree.ignore.oid);
      const dockerfile = prepare(new Map());
      return [image.name, { image, tree, dockerfile, prepare, texts: { dockerfile: bytes, ignore } }];
    }),
  );
}

/** The name that an image has in the local engine. */
export function localName({ repository }: Pick<CatalogImage, 'repository'>, commit: string): string {
  return `${repository}:${commitTag(commit)}`;
}

/** The images that one binds, by their names in the local engine. */
function localVariables({ source, decision }: Work, image: CatalogImage): Readonly<Record<string, string>> {
  const { commit } = decision.plan;
  return Object.fromEntries(
    Object.entries(image.bind).flatMap(([variable, name]) => {
      const bound = source.catalog.images.get(name);
      return bound === undefined ? [] : [[variable, localName(bound, commit)]];
    }),
  );
}

/**
 * The base images of one image that are images of this set → what stands for them: unbound, by digest; in the local engine by name. One that
 * is not built yet, in a dry run, has no digest.
 */
export function ownBases(
  { access, source, decision }: Work,
  name: string,
  digests: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    basesOf(decision, name).flatMap(({ reference, isOwn }) => {
      if (!isOwn) return [];
      const image = source.catalog.images.get(decision.ownImage?.(reference) ?? '');
      if (image === undefined) return [];
      if (access === undefined) return [[reference, localName(image, decision.plan.commit)] as const];
      const found = decision.images.get(image.name);
      if (found === undefined) return [];
      const digest = digests.get(image.name) ?? 'its digest';
      return [[reference, `${pushedName(access, found.repository)}@${digest}`] as const];
    }),
  );
}

/** The base images of one image of which a registry knows the digest. */
function pinsOf({ bases, decision }: Work, name: string): ReadonlyMap<string, string> {
  const named = new Set(basesOf(decision, name).map(({ reference }) => reference));
  return new Map([...bases.pins()].filter(([reference]) => named.has(reference)));
}

function basesOf({ keys }: Work['decision'], name: string): readonly KeyedBase[] {
  const key = keys.get(name);
  return key === undefined ? [] : keyedBases(key);
}

/** Where the tree of a build is: images of the same files share one. */
export function treePlace(folders: Pick<Scratch, 'tree'>, { files, folders: empty }: BuildTree): string {
  const hash = createHash('sha256');
  for (const { path, mode, oid } of files) hash.update(`${mode} ${oid} ${path}\0`);
  for (const path of empty) hash.update(`${path}\0`);
  return join(folders.tree, hash.digest('hex').slice(0, 16));
}

/** Writes the trees that `buildInputs` decided to where the builds look for them. */
export async function writeBuildTrees(
  { source }: Pick<Work, 'source'>,
  builds: ReadonlyMap<string, BuildInputs>,
  scratch: Scratch,
): Promise<void> {
  const trees = new Map(
    [...builds.values()].map(({ tree }) => [
      treePlace(scratch, tree),
      { files: tree.files, folders: [tree.context, ...tree.folders] },
    ]),
  );
  await writeTrees(
    source.tree,
    [...trees].map(([directory, tree]) => ({ directory, ...tree })),
  );
}

/** Writes the Dockerfile of a build, with mounts that start from these. */
export async function writeBuildDockerfile(
  { image, prepare, texts }: BuildInputs,
  seeds: Seeds,
  scratch: Scratch,
): Promise<void> {
  await writeDockerfile(scratch, image, prepare(seeds).rewritten ?? texts.dockerfile, texts.ignore);
}
