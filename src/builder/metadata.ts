import { readFile } from 'node:fs/promises';

/**
 * The digest of the manifest or index that a build pushed, from the file it wrote (`--metadata-file`); undefined: it has none.
 * https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file
 */
export async function readDigest(metadataFile: string): Promise<string | undefined> {
  try {
    const metadata: unknown = JSON.parse(await readFile(metadataFile, 'utf8'));
    const digest =
      typeof metadata === 'object' && metadata !== null && 'containerimage.digest' in metadata
        ? metadata['containerimage.digest']
        : undefined;
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}
