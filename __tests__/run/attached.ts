import { openAttachments } from '../../src/oci/attachments';
import { testClient } from '../support/registryClient';
import { lockIn, manifestOf, type World } from './world';

/** One thing that is attached to an image, as it is in the registry. */
export interface Attached {
  readonly predicateType: string;
  readonly mediaType: string;
  readonly file: string;
}

/** What is attached to a digest. */
export async function attachedIn({ registry }: World, image: string, digest: string): Promise<readonly Attached[]> {
  const { username, password } = registry;
  const attachments = openAttachments(testClient({ login: { username, password } }).registry);
  const repository = `${registry.path}/${image}`;
  const listed = await attachments.list(repository, digest);
  return Promise.all(
    listed.map(async ({ digest: at, annotations }) => {
      const file = await attachments.read(repository, at);
      const predicateType =
        annotations['dev.sigstore.bundle.predicateType'] ?? annotations['in-toto.io/predicate-type'] ?? '';
      return { predicateType, mediaType: file?.mediaType ?? '', file: Buffer.from(file?.bytes ?? []).toString() };
    }),
  );
}

/** The digest of the set that the lock file in the fork names. */
export async function setDigestIn({ fork, registry }: World): Promise<string> {
  const { commit } = await lockIn(fork);
  return (await manifestOf(registry, 'kfp-images-set', `commit-${commit}`)).digest;
}
