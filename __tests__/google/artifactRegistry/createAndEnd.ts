import { message } from '../../../src/errors';
import { createRepository } from '../../../src/google/artifactRegistry/createRepository';
import { at, clientOf } from './fakeRegistry';

/* A process of its own for `ending.test.ts`: tries twice to make a repository, tells what came of it, and has nothing more to do. */

const [host = '', port = '', token = ''] = process.argv.slice(2);
const endpoint = { host, port: Number(port) };

async function main(): Promise<void> {
  for (const tried of [1, 2]) {
    const path = at(`europe-west3-docker.pkg.dev/my-project/new${tried}`);
    const made = createRepository(path, clientOf(token), { endpoint, timeoutMs: 1500 });
    console.log(await made.catch(message));
  }
}

void main();
