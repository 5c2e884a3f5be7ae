import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that is reached at `host`. */
export interface Throttle extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
}

/** Less is not waited for: timers are no finer. The time counts all the same, so the rate holds on average. Milliseconds. */
const leastWait = 4;

/** So many bytes a second, and no more, go through it. */
class Rate {
  readonly #perMillisecond: number;
  #free = 0;

  constructor(bytesPerSecond: number) {
    this.#perMillisecond = bytesPerSecond / 1000;
  }

  async take(bytes: number): Promise<void> {
    const now = performance.now();
    this.#free = Math.max(now, this.#free) + bytes / this.#perMillisecond;
    if (this.#free - now > leastWait) await sleep(this.#free - now);
  }
}

/** Makes `target` (`host:port`) reachable at another port, with so many bytes a second in each direction. */
export async function throttle(target: string, bytesPerSecond: number): Promise<Throttle> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const [up, down] = [new Rate(bytesPerSecond), new Rate(bytesPerSecond)];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const both = [client, upstream];
    for (const socket of both) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    Promise.all([pipe(client, upstream, up), pipe(upstream, client, down)]).catch(() => {
      // Whoever is left sees what it would see without this in between: the connection breaks.
      for (const socket of both) socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pipe(from: Socket, to: Socket, rate: Rate): Promise<void> {
  await pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        await rate.take(chunk.length);
        yield chunk;
      }
    },
    to,
  );
}
