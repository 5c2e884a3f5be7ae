import { stream } from '../../src/system/exec';
import { demoBaseImages } from '../../demo/baseImages';
import { docker } from './engine';

/** Names and bytes of what the engine wrote into its own data folders. */
export interface EngineData {
  readonly files: readonly string[];
  /** All of it in a row, layers unpacked. */
  readonly bytes: Buffer;
}

/**
 * What the engine keeps that was written or changed since a time (`Date.now()`, taken down to the minute): layers, BuildKit's cache and history, the image
 * store, containerd's content. A container reads it, so that it does not matter whose the engine is.
 */
export async function engineDataSince(time: number): Promise<EngineData> {
  await demoBaseImages();
  const root = await docker(['info', '--format', '{{.DockerRootDir}}']);
  const minutes = Math.ceil((Date.now() - time) / 60_000) + 1;
  // Layers are gzip in containerd's store and plain in the other. Mounts show again what layers hold, and this container itself.
  const script = [
    `find /engine /containerd -xdev -type f -cmin -${String(minutes)} | while IFS= read -r file; do`,
    'printf "\\n\\0%s\\0\\n" "$file"; cat "$file"; gzip -dc <"$file" 2>/dev/null; done; true',
  ].join('\n');
  const chunks: Buffer[] = [];
  let size = 0;
  const enough = new AbortController();
  let stderr = '';
  // An engine that uses the system's containerd keeps content there; elsewhere the folder is made, and empty.
  const volumes = [`${root}:/engine:ro`, '/var/lib/containerd:/containerd:ro'].flatMap((each) => ['--volume', each]);
  const args = ['run', '--rm', '--network', 'none', '--log-driver', 'none', ...volumes, 'kfp-images-demo/alpine:3.21'];
  const onStdout = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    // A test builds a few megabytes.
    if (size > 2 ** 28) enough.abort(new Error('too much'));
  };
  const exitCode = await stream(
    { command: 'docker', args: [...args, 'sh', '-c', script] },
    { signal: enough.signal, onStdout, onStderr: (chunk) => (stderr += chunk.toString()) },
  );
  if (exitCode !== 0) throw new Error(`the engine's data: ${stderr}`);
  const bytes = Buffer.concat(chunks);
  const files = [...bytes.toString('latin1').matchAll(/\n\0(\/(?:engine|containerd)\/[^\0]+)\0\n/g)].map(
    ([, name = '']) => name,
  );
  return { files, bytes };
}
