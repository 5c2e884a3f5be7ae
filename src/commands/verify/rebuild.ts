import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildkitOf, detectBuilder } from '../../builder/builder';
import { capabilitiesOf } from '../../builder/capabilities';
import { compareImages } from '../../builder/compareImages';
import { dockerfilePlace, prepareDockerfile, writeDockerfile } from '../../builder/buildDockerfile';
import { pullArchive, rebuild, type RebuildPorts } from '../../builder/rebuild';
import { imageOf, pinned } from '../../deploy/release';
import { createDockerLogin } from '../../docker/dockerLogin';
import { ExplainedError, message } from '../../errors';
import { writeTrees } from '../../git/treeFiles';
import { buildTreeOf } from '../../plan/buildTree';
import type { VerifiedSubject } from '../../publish/attest/verify';
import { pushedName, type Access } from '../../run/access';
import { openSource, type Source } from '../../run/source';
import { templateValues } from '../../run/templates';
import { createScratch, recordGroup, removeScratch, scratchBase, type Scratch } from '../../system/scratch';
import { expandTemplate } from '../../system/template';
import type { CatalogImage, ContentKey, LockFile } from '../../types';
import type { Session } from '../session';
import { contentOf } from './content';
import { publishedImages, type PublishedPlatform } from './published';

/** The result of rebuilding an image. */
export interface RebuiltImage {
  readonly name: string;
  /** Sentences that name image, layer and file; empty: nothing differs. */
  readonly differences: readonly string[];
  readonly notes: readonly string[];
}

export interface RebuildCall {
  readonly lock: LockFile;
  readonly access: Access;
  readonly subjects: readonly VerifiedSubject[];
  readonly folder: string;
  readonly catalog: string | undefined;
  /** Name of a buildx builder; undefined: the one that docker takes. */
  readonly builder: string | undefined;
  readonly session: Session;
}

/**
 * Rebuilds every image of a set, from all files of its commit and without any cache, and compares it with what is published: the proof that
 * what was skipped would have come out the same. An image that was reused says in its labels for which commit it was built: revision, date and
 * what is filled in from these are those of then, the files are those of now.
 * Throws SourceError (the commit is not in this clone), EnvironmentError (no engine), RegistryError.
 */
export async function rebuildSet(call: RebuildCall): Promise<readonly RebuiltImage[]> {
  const { lock, access, session } = call;
  const scratch = createScratch(scratchBase(session.env));
  let source: Source | undefined;
  try {
    const inputs = {
      workingDirectory: call.folder,
      context: 'commit',
      catalog: call.catalog,
      credentialsJson: '',
    } as const;
    source = await openSource(inputs, session.cwd, () => scratch.folder, lock.commit);
    const whole = join(scratch.tree, 'whole');
    await writeTrees(source.tree, [{ directory: whole, files: source.tree.entries, folders: [] }]);
    const login = await createDockerLogin(scratch.docker, access.pushHost, await access.login(), session.env);
    const builder = await detectBuilder(login.env, call.builder);
    const results: RebuiltImage[] = [];
    for (const subject of call.subjects) {
      const { name } = subject;
      if (name === undefined) continue;
      session.signal.throwIfAborted();
      const folder = join(scratch.folder, 'images', name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const ports: RebuildPorts = {
        folder,
        env: login.env,
        onStart: (group) => recordGroup(scratch, group),
        onLine: (line) => session.log.debug(line),
        signal: session.signal,
      };
      const one = { call, source, scratch, whole, subject, name, ports, builder };
      const result = await rebuildImage(one).catch((thrown: unknown): RebuiltImage => {
        if (session.signal.aborted || !(thrown instanceof ExplainedError)) throw thrown;
        return { name, differences: [message(thrown)], notes: [] };
      });
      results.push(result);
      rmSync(folder, { recursive: true, force: true });
    }
    return results;
  } finally {
    await source?.tree.close();
    if (!removeScratch(scratch.folder)) session.log.warning(`${scratch.folder} could not be removed. Remove it.`);
  }
}

interface One {
  readonly call: RebuildCall;
  readonly source: Source;
  readonly scratch: Scratch;
  readonly whole: string;
  readonly subject: VerifiedSubject;
  readonly name: string;
  readonly ports: RebuildPorts;
  readonly builder: Awaited<ReturnType<typeof detectBuilder>>;
}

async function rebuildImage(one: One): Promise<RebuiltImage> {
  const { call, source, subject, name, builder } = one;
  const image = source.catalog.images.get(name);
  if (image === undefined) {
    return { name, differences: [`The catalog of commit ${call.lock.commit} has no image ${name}.`], notes: [] };
  }
  const platforms = await publishedImages(call.access.registry, subject.repository, subject.digest);
  const { key, pins, unknownBases } = await contentOf({ ...call, ...one, log: call.session.log }, platforms);
  const differences: string[] = [];
  const notes = new Set(
    unknownBases.map((base) => {
      const how = subject.provenance?.bases.has(base) === true ? 'the same' : "today's";
      return `base image ${base} could not be looked up when it was built: it is rebuilt on ${how}`;
    }),
  );
  const locked = imageOf(call.lock, name)?.key;
  if (key.key !== locked) {
    const why =
      subject.provenance === undefined
        ? 'Without a provenance its base images of then are not known; '
        : 'The set was made from other files, or by a version of kfp-images that counts in another way; ';
    differences.push(
      `${name}: its content key at this commit is ${key.key}, the set says ${locked ?? '(none)'}. ${why}it is compared all the same.`,
    );
  }
  const then = subject.provenance?.buildkit;
  if (then !== undefined && then !== buildkitOf(builder)) {
    notes.add(
      `built by BuildKit ${then}, rebuilt by ${buildkitOf(builder) ?? 'an unknown release'}: layers of two releases may differ in their bytes`,
    );
  }
  for (const published of platforms) {
    const found = await compareOne(one, image, key, pins, published);
    const of = platforms.length > 1 ? `${name} (${published.platform})` : name;
    differences.push(...found.differences.map((each) => `${of}: ${each}`));
    for (const note of found.notes) notes.add(note);
  }
  return { name, differences, notes: [...notes] };
}

async function compareOne(
  { call, source, scratch, whole, subject, name, ports, builder }: One,
  image: CatalogImage,
  key: ContentKey,
  pins: ReadonlyMap<string, string>,
  { platform, config, labels }: PublishedPlatform,
): Promise<{ readonly differences: readonly string[]; readonly notes: readonly string[] }> {
  const tree = buildTreeOf(key);
  const texts = new Map<string, Buffer>();
  const oids = [tree.dockerfile.oid, ...(tree.ignore === undefined ? [] : [tree.ignore.oid])];
  await source.tree.read(oids, (oid, content) => texts.set(oid, Buffer.from(content)));
  const revision = labels['org.opencontainers.image.revision'] ?? call.lock.commit;
  const created = Date.parse(labels['org.opencontainers.image.created'] ?? '') / 1000;
  const date = Number.isFinite(created) ? created : source.date;
  const { ref = '', branch: said } = subject.provenance ?? {};
  const branch = said ?? /^refs\/heads\/(.+)$/.exec(ref)?.[1] ?? source.branch;
  const values = templateValues({ commit: revision, date }, branch);
  const buildArgs = Object.fromEntries(
    Object.entries(image.buildArgs).map(([arg, value]) => [arg, expandTemplate(value, values)]),
  );
  const text = texts.get(tree.dockerfile.oid) ?? Buffer.alloc(0);
  // Without cache mounts: nothing is kept from one build for another.
  const plain = { ...image, context: tree.context, cacheMounts: [] };
  const dockerfile = prepareDockerfile(plain, text.toString('utf8'), buildArgs, basename(source.top), { pins });
  await writeDockerfile(scratch, image, dockerfile.rewritten ?? text, texts.get(tree.ignore?.oid ?? ''));
  const able = capabilitiesOf(builder);
  const rebuilt = await rebuild(
    {
      image: plain,
      repository: `kfp-images-verify/${image.repository}`,
      tag: randomBytes(8).toString('hex'),
      push: false,
      platforms: [platform],
      revision,
      values,
      date,
      source: labels['org.opencontainers.image.source'],
      version: labels['org.opencontainers.image.version'] ?? '',
      cache: 'none',
      builder: call.builder,
      wantsEpoch: dockerfile.wantsEpoch,
      baseImages: dockerfile.baseImages,
      contexts: tree.named,
      places: {
        tree: whole,
        dockerfile: dockerfilePlace(scratch, image),
        metadataFile: join(scratch.metadata, `${name}.json`),
        dockerConfig: scratch.docker,
      },
    },
    able,
    ports,
  );
  const env = Object.entries(image.bind).flatMap(([variable, bound]) => {
    const locked = imageOf(call.lock, bound);
    return locked === undefined ? [] : [[variable, pinned(locked)] as const];
  });
  const reference = `${pushedName(call.access, subject.repository)}@${subject.digest}`;
  const pull = () => pullArchive(reference, platform, name, ports);
  return compareImages(config, rebuilt, Object.fromEntries(env), pull, able.rewritesTimes);
}
