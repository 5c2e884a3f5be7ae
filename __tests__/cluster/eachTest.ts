import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ApiServer } from './apiServer';
import type { Release } from './kfp';
import { createServer, createWorld, type World } from './world';

/** What one test has: the API server of its file, and KFP in a namespace of its own there. */
export interface Own {
  readonly server: ApiServer;
  readonly world: World;
}

/** Gives each test of this file a world of its own, in namespaces `PREFIX-1`, `PREFIX-2`, …; removes them, and the server at the end. */
export function eachTest(release: Release, prefix: string, take: (own: Own) => void): void {
  let server: ApiServer | undefined;
  let world: World | undefined;
  let worlds = 0;
  beforeAll(async () => {
    server = await createServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    if (server === undefined) return;
    world = await createWorld(server, release, `${prefix}-${(worlds += 1)}`);
    take({ server, world });
  });
  afterEach(() => world?.[Symbol.asyncDispose]());
}
