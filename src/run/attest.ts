import { message } from '../errors';
import { openAttachments } from '../oci/attachments';
import { buildTreeOf } from '../plan/buildTree';
import { keyedBases } from '../plan/keyLines';
import { platformsOfImage } from '../plan/platforms';
import { attestSet, type Attested, type AttestOrder } from '../publish/attest/attest';
import { sbomSource } from '../publish/attest/sbom';
import type { ImageFacts, RunFacts } from '../publish/attest/statement';
import { setRepository } from '../publish/tags';
import type { AttestedReport } from '../report/runReport';
import type { StatementSigner } from '../sigstore/sign';
import type { ContentKey } from '../types';
import { version } from '../../package.json';
import type { Access } from './access';
import type { PublicationPorts } from '../publish/publication';
import type { RunPorts } from './ports';
import type { Product } from './produce';
import type { Work } from './work';

/** What was attached to a set and its images. */
export interface AttestedRun {
  /** In words; undefined: nothing was signed. */
  readonly signer: string | undefined;
  readonly subjects: readonly Attested[];
}

/** What `publish` does between the set and `latest`; undefined: nothing is wanted. `onAttested` is notified of what became of it. */
export function attestation(
  work: Work,
  access: Access,
  product: Product,
  onAttested: (attested: AttestedRun) => void,
  { env, log, signal }: Pick<RunPorts, 'env' | 'log' | 'signal'>,
): PublicationPorts['attest'] | undefined {
  const { signing } = work;
  const { provenance, sbom } = work.inputs;
  if (!provenance && sbom.kind === 'none' && signing === undefined) return undefined;
  const order = { provenance, run: runFacts(work, env), images: imageFacts(work, product) };
  const repository = setRepository(access.path.full);
  const attest = (
    signer: StatementSigner | undefined,
    ...[set, registry, manifests]: Given
  ): Promise<readonly Attested[]> => {
    // The set is an artifact itself.
    const attachments = openAttachments(registry, { emptyAt: repository });
    const about = { created: work.values.date, version, fromBinaries: sbom.kind === 'binaries' };
    const sboms = sbom.kind === 'none' ? undefined : sbomSource({ registry, attachments }, about);
    return attestSet(
      { ...order, signer, sboms } satisfies AttestOrder,
      { ...set, repository },
      { registry, known: manifests, attachments },
    );
  };
  const attested = async (mayFail: boolean, given: Given): Promise<AttestedRun | undefined> => {
    try {
      return { signer: signing?.signer.describe, subjects: await attest(signing?.signer, ...given) };
    } catch (thrown) {
      // How a stopped run ends is said by others; what is half attested in the registry is not.
      if (signal.aborted) log.warning(message(thrown));
      if (!mayFail || signal.aborted) throw thrown;
      log.warning(
        `The set is published, but NOT signed (sign: auto goes on then; sign: ${signing?.how ?? ''} would fail): ${message(thrown)}`,
      );
      if (!provenance && sbom.kind === 'none') return undefined;
      return { signer: undefined, subjects: await attest(undefined, ...given) };
    }
  };
  return async (...given) => {
    const startedAt = Date.now();
    const made = await attested(signing?.mayFail === true, given);
    if (made === undefined) return;
    onAttested(made);
    const count = made.subjects.filter(({ isNew }) => isNew).length;
    if (count === 0) return;
    const what = provenance ? 'the provenance' : 'the SBOM';
    const how = made.signer === undefined ? `Attached ${what} of` : 'Signed';
    log.info(`${how} ${count} of the images and their set in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  };
}

/** For people and scripts. */
export function attestedReport({ signer, subjects }: AttestedRun): AttestedReport {
  const named = subjects.map(({ name, repository, provenance, signature, sbom }) => {
    const at = (digest: string): string => `${repository}@${digest}`;
    const attached = {
      ...(provenance === undefined ? {} : { provenance: at(provenance) }),
      ...(signature === undefined ? {} : { signature: at(signature) }),
      ...(sbom === undefined ? {} : { sbom: at(sbom) }),
    };
    return [name ?? 'set', attached] as const;
  });
  return { signer, subjects: new Map(named) };
}

type Given = Parameters<NonNullable<PublicationPorts['attest']>>;

function runFacts(work: Work, env: NodeJS.ProcessEnv): RunFacts {
  const { source, values, pullRequest } = work;
  const repository = work.github?.repository;
  const of = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const server = repository?.serverUrl ?? 'https://github.com';
  const workflow = of('GITHUB_WORKFLOW_REF');
  const [run, attempt] = [of('GITHUB_RUN_ID'), of('GITHUB_RUN_ATTEMPT')];
  const address = repository === undefined ? undefined : `${server}/${repository.owner}/${repository.name}`;
  return {
    source: address,
    ref: pullRequest !== undefined || values.branch === 'detached' ? of('GITHUB_REF') : `refs/heads/${values.branch}`,
    branch: values.branch,
    commit: source.commit,
    workflow: workflow === undefined ? undefined : `${server}/${workflow}`,
    invocation:
      address === undefined || run === undefined
        ? undefined
        : `${address}/actions/runs/${run}/attempts/${attempt ?? '1'}`,
    version,
  };
}

function imageFacts(work: Work, { images, outcomes, buildkit }: Product): readonly ImageFacts[] {
  const { source, decision, inputs } = work;
  return images.flatMap(({ name, repository, key, unbound, digest }) => {
    const image = source.catalog.images.get(name);
    const outcome = outcomes.find((each) => each.name === name);
    if (image === undefined || (outcome?.kind !== 'built' && outcome?.kind !== 'reused')) return [];
    const found = decision.keys.get(name);
    // One of another key was made from other files.
    const facts = found?.key === key ? keyFacts(found) : { dockerfile: undefined, bases: [] };
    const { startedAt, pushedAt, builtAt } = outcome.timing;
    const binds = Object.entries(image.bind).flatMap(([variable, bound]) => {
      const finished = images.find((each) => each.name === bound);
      return finished === undefined
        ? []
        : [{ variable, image: bound, repository: finished.repository, digest: finished.digest }];
    });
    return {
      ...{ name, repository, digest, unbound, key, result: outcome.kind },
      ...facts,
      context: image.context,
      target: image.target,
      platforms: platformsOfImage(image, inputs.platforms),
      buildArgs: Object.keys(image.buildArgs),
      binds,
      buildkit: outcome.kind === 'built' ? buildkit : undefined,
      startedAt,
      finishedAt: startedAt === undefined ? undefined : (pushedAt ?? builtAt),
    };
  });
}

/** What a content key says of the Dockerfile and the base images. */
function keyFacts(key: ContentKey): Pick<ImageFacts, 'dockerfile' | 'bases'> {
  const bases = keyedBases(key).flatMap(({ reference, digest }) => {
    const pinned = /^(.*)@(sha256:[0-9a-f]{64})$/.exec(reference);
    if (pinned !== null) return [{ reference: pinned[1] ?? '', digest: pinned[2] ?? '' }];
    // One that only the engine here has is not an image of any registry.
    const [known] = /^sha256:[0-9a-f]{64}$/.exec(digest) ?? [];
    return known === undefined ? [] : [{ reference, digest: known }];
  });
  return { dockerfile: buildTreeOf(key).dockerfile, bases };
}
