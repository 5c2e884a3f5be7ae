import { stream } from '../../src/system/exec';
import { demoBaseImages } from '../../demo/baseImages';
import { docker } from './engine';
import { Said } from './said';

/** What was found in what the engine wrote into its own data folders. */
export interface EngineData {
  /** Names of the files that were looked through. */
  readonly files: ReadonlySet<string>;
  /** Which of the texts are in one of them. */
  readonly found: ReadonlySet<string>;
}

/**
 * Looks for texts in what the engine keeps that was written or changed since a time (`Date.now()`, taken down to the minute): layers, BuildKit's
 * cache and history, the image store, containerd's content. A container reads it, so that it does not matter whose the engine is. What
 * others build at the same time is among it, so it may be much: nothing of it is kept.
 */
export async function searchEngineData(time: number, texts: readonly string[]): Promise<EngineData> {
  await demoBaseImages();
  const root = await docker(['info', '--format', '{{.DockerRootDir}}']);
  const minutes = Math.ceil((Date.now() - time) / 60_000) + 1;
  // Layers are gzip in containerd's store and plain in the other. Mounts show again what layers hold, and this container itself.
  const script = [
    `find /engine /containerd -xdev -type f -cmin -${String(minutes)} | while IFS= read -r file; do`,
    'printf "\\n\\0%s\\0\\n" "$file"; cat "$file"; gzip -dc <"$file" 2>/dev/null; done; true',
  ].join('\n');
  const files = new Set<string>();
  const found = new Set<string>();
  // What is cut by the end of a chunk is whole in the next.
  const longest = Math.max(5000, ...texts.map((text) => text.length));
  let end = '';
  const onStdout = (chunk: Buffer): void => {
    const part = end + chunk.toString('latin1');
    for (const [, name = ''] of part.matchAll(/\n\0(\/(?:engine|containerd)\/[^\0]{1,4096})\0\n/g)) files.add(name);
    for (const text of texts) if (!found.has(text) && part.includes(text)) found.add(text);
    end = part.slice(-longest);
  };
  const stderr = new Said();
  // An engine that uses the system's containerd keeps content there; elsewhere the folder is made, and empty.
  const volumes = [`${root}:/engine:ro`, '/var/lib/containerd:/containerd:ro'].flatMap((each) => ['--volume', each]);
  const args = ['run', '--rm', '--network', 'none', '--log-driver', 'none', ...volumes, 'kfp-images-demo/alpine:3.21'];
  const exitCode = await stream(
    { command: 'docker', args: [...args, 'sh', '-c', script] },
    { onStdout, onStderr: stderr.add },
  );
  if (exitCode !== 0) throw new Error(`the engine's data: ${stderr.text}`);
  return { files, found };
}
