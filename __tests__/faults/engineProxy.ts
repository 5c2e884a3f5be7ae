import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { docker } from '../support/engine';

/** A way to the Docker engine that can be gone, as an engine that is stopped is: for who goes this way, and for nobody else. */
export interface EngineProxy extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Breaks every connection and takes the socket away, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Called once, when the engine next says something that has `words` in it. Gives the way to take this back. */
  onWords(words: string, what: () => void): () => void;
}

/** Puts a socket in `folder` before the engine that this user's docker uses. */
export async function startEngineProxy(folder: string): Promise<EngineProxy> {
  const engine = new URL(await docker(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']));
  const path = join(folder, 'engine.sock');
  const open = new Set<Socket>();
  const waiting = new Set<{ readonly words: string; readonly what: () => void }>();

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const where =
      engine.protocol === 'unix:' ? { path: engine.pathname } : { host: engine.hostname, port: Number(engine.port) };
    const far = connect({ ...where, allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    far.on('data', (chunk: Buffer) => {
      for (const each of waiting) {
        if (!chunk.includes(each.words)) continue;
        waiting.delete(each);
        each.what();
      }
    });
  });
  const start = async (): Promise<void> => {
    server.listen(path);
    await once(server, 'listening');
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  await start();
  return {
    host: `unix://${path}`,
    stop,
    start: async () => {
      if (!server.listening) await start();
    },
    onWords: (words, what) => {
      const each = { words, what };
      waiting.add(each);
      return () => void waiting.delete(each);
    },
    [Symbol.asyncDispose]: stop,
  };
}
