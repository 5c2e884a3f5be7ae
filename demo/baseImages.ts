import { join } from 'node:path';
import { ensureBaseImage } from '../__tests__/support/baseImages';

/** The images that the demo fork's Dockerfiles start from, made in the engine from local files. */
export async function demoBaseImages(): Promise<void> {
  await ensureBaseImage('kfp-images-demo/alpine:3.21');
  await ensureBaseImage('kfp-images-demo/golang:1.26-alpine', {
    'usr/local/bin/go': join(process.cwd(), 'demo', 'base', 'go'),
  });
}
