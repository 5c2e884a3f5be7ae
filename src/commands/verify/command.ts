import { openAttachments } from '../../oci/attachments';
import { PublishError } from '../../errors';
import { verifySet, type VerifiedSubject } from '../../publish/attest/verify';
import { visible } from '../../report/escape';
import { shortCommit, shortDigest } from '../../report/format';
import { catalogPlace, readCatalog } from '../catalog';
import { defineCommand } from '../command';
import { findSet } from '../releaseSet';
import { builderOf, setFlags, setInputs } from '../sharedFlags';
import { requiredSigners, setInRegistry, signatureFlags } from '../signature';
import { bindingProblems } from './binding';
import { rebuildSet, type RebuiltImage } from './rebuild';

export const verifyCommand = defineCommand({
  name: 'verify',
  description:
    'Check a published release set: that it is complete, bound to its own digests and built from its commit, and who signed it. Exits 1 with the reason otherwise.',
  inputs: [...setInputs, 'builder'],
  flags: {
    ...setFlags,
    ...signatureFlags,
    rebuild: {
      kind: 'switch',
      description:
        'also rebuild each image, from all files of the commit and without any cache, and compare it bit by bit',
    },
  },
  json: 'print one JSON document: the images with provenance and signers, and the problems',
  examples: [
    'verify --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY',
    'verify --lock kfp-images.lock.json --require-signature cosign.pub --json',
  ],
  async run(call) {
    const { flags, session } = call;
    const required = await requiredSigners(call);
    const [catalog, { lock, access }] = await Promise.all([readCatalog(catalogPlace(call)), findSet(call)]);
    if (access === undefined) {
      throw new PublishError(`The registry of ${lock.registryPath} can't be asked: there are no credentials for it.`);
    }
    const { registry } = access;
    const found = setInRegistry(registry, lock);
    const order = { lock, set: found, required, provenance: true };
    const [set, binding, subjects] = await Promise.all([
      found,
      bindingProblems(registry, catalog, lock),
      verifySet(order, { registry, attachments: openAttachments(registry) }),
    ]);
    const missing =
      set === undefined
        ? [
            `The registry has no set of commit ${lock.commit} with these images, so nothing says that they belong together.`,
          ]
        : [];
    const folder = call.input('working-directory').trim();
    const catalogFile = call.input('catalog').trim();
    const rebuilt = flags.rebuild
      ? await rebuildSet({
          ...{ lock, access, subjects, session },
          folder: folder === '' ? '.' : folder,
          catalog: catalogFile === '' ? undefined : catalogFile,
          builder: builderOf(call.input('builder').trim()),
        })
      : [];
    const differences = rebuilt.flatMap((image) => image.differences);
    const problems = [...missing, ...subjects.flatMap((subject) => subject.problems), ...binding, ...differences];
    for (const subject of subjects) session.printer.print(visible(lineOf(subject)));
    for (const line of rebuilt.flatMap(rebuiltLines)) session.printer.print(visible(line));
    for (const problem of problems) session.log.error(problem);
    if (problems.length === 0) {
      session.log.info(
        `The set of commit ${shortCommit(lock.commit)} is whole: ${Object.keys(lock.images).length} images.`,
      );
    }
    return {
      document: documentOf(lock.commit, subjects, problems, rebuilt),
      exitCode: problems.length === 0 ? 0 : 1,
    };
  },
});

function rebuiltLines({ name, differences, notes }: RebuiltImage): readonly string[] {
  const result = differences.length === 0 ? '✔ rebuilt, the same' : '✖ rebuilt, another image';
  return [`${result}: ${name}`, ...notes.map((note) => `  ${name}: ${note}`)];
}

/** One image on one line: its digest, what it was made from and where, who signed it. */
function lineOf({ name, digest, provenance, sbom, signers, problems }: VerifiedSubject): string {
  const from =
    provenance === undefined
      ? 'no provenance'
      : `${provenance.result ?? 'published'} at ${shortCommit(provenance.commit ?? 'an unknown commit')}${provenance.invocation === undefined ? '' : ` by ${provenance.invocation}`}`;
  const by =
    signers.length === 0
      ? 'not signed'
      : signers.map(({ who, isVerified }) => `${isVerified ? 'signed by' : 'says it is signed by'} ${who}`).join(', ');
  const contents = sbom === undefined ? '' : `; SBOM${sbom.isSigned ? ' (signed)' : ''}`;
  return `${problems.length === 0 ? '✔' : '✖'} ${name ?? 'set'}  ${shortDigest(digest)}  ${from}; ${by}${contents}`;
}

function documentOf(
  commit: string,
  subjects: readonly VerifiedSubject[],
  problems: readonly string[],
  rebuilt: readonly RebuiltImage[],
): object {
  const [images, sets] = [
    subjects.filter(({ name }) => name !== undefined),
    subjects.filter(({ name }) => name === undefined),
  ];
  const shown = ({ name, repository, digest, provenance, sbom, signers, problems: own }: VerifiedSubject): object => ({
    ...(name === undefined ? {} : { name }),
    reference: `${repository}@${digest}`,
    provenance:
      provenance === undefined
        ? null
        : {
            artifact: `${repository}@${provenance.artifact}`,
            signed: provenance.isSigned,
            commit: provenance.commit ?? null,
            run: provenance.invocation ?? null,
            result: provenance.result ?? null,
            buildkit: provenance.buildkit ?? null,
          },
    sbom: sbom === undefined ? null : { artifact: `${repository}@${sbom.artifact}`, signed: sbom.isSigned },
    signers,
    problems: own,
  });
  const [set] = sets;
  return {
    kind: problems.length === 0 ? 'verified' : 'failed',
    commit,
    set: set === undefined ? null : shown(set),
    images: images.map(shown),
    ...(rebuilt.length === 0 ? {} : { rebuilt }),
    problems,
  };
}
