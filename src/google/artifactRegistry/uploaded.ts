import type { AuthClient } from 'google-auth-library';
import type { GoogleRegistryPath } from '../registryPath';
import { answerOf, deadlineIn } from './deadline';
import { createApiClient, repositoryName, type ApiOptions } from './client';
import { imageWithin } from './remove';

/** What Artifact Registry says about an image that was pushed. */
interface UploadedImage {
  readonly repository: string;
  readonly digest: string;
  /** Of all its parts; undefined: it does not say. */
  readonly bytes: number | undefined;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number | undefined;
}

/** Page of an image on Google's console. */
export function consoleLink(path: GoogleRegistryPath, repository: string, digest: string): string {
  const { project, location } = path;
  const image = encodeURIComponent(imageWithin(path, repository));
  return `https://console.cloud.google.com/artifacts/docker/${project}/${location}/${path.repository}/${image}/${digest}?project=${project}`;
}

/**
 * Asks about images after a push, all at once and for ten seconds at most (`timeoutMs`). Those that Google says nothing about are left
 * out: this is for a summary. Throws only the signal's reason.
 */
export async function uploadedImages(
  path: GoogleRegistryPath,
  authClient: AuthClient,
  images: readonly { readonly repository: string; readonly digest: string }[],
  options: ApiOptions = {},
): Promise<readonly UploadedImage[]> {
  const deadline = deadlineIn(options.timeoutMs ?? 10_000, options.signal);
  const made = await answerOf(deadline, () => createApiClient(authClient, options.endpoint));
  if (made.kind !== 'value') return [];
  const found = await Promise.all(
    images.map(async ({ repository, digest }): Promise<readonly UploadedImage[]> => {
      const name = `${repositoryName(path)}/dockerImages/${encodeURIComponent(imageWithin(path, repository))}@${digest}`;
      const answer = await answerOf(deadline, (timeout) => made.value.getDockerImage({ name }, { timeout }));
      if (answer.kind !== 'value') return [];
      const [{ imageSizeBytes, uploadTime }] = answer.value;
      const bytes = Number(imageSizeBytes ?? 0);
      const seconds = Number(uploadTime?.seconds ?? 0);
      return [
        {
          repository,
          digest,
          bytes: bytes > 0 ? bytes : undefined,
          uploadedAt: seconds > 0 ? seconds * 1000 : undefined,
        },
      ];
    }),
  );
  return found.flat();
}
