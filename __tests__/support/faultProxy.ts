import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultSchedule, type FaultProfile } from './faultKinds';
import { answer, misbehave, type Answer, type Exchange } from './misbehaviour';

/** A loopback proxy before a real registry. */
export interface FaultProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Requests so far. */
  readonly count: number;
  /** Faults so far, by kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** Requests that were carried out though their client had given them up, and not because of a fault: this machine was too slow for it. */
  readonly abandoned: number;
  /** Values of Authorization that came to the other origin: there may be none. */
  readonly strayed: readonly string[];
  /** undefined: behaves. */
  behave(profile: FaultProfile | undefined): void;
  /** Called once, when so many requests have come. */
  at(count: number, what: () => void): void;
  /** Settles when nothing is under way any more, also of what clients gave up. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one before the registry at `upstream` (`127.0.0.1:port`). */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const faults = new Map<string, number>();
  const strayed: string[] = [];
  const schedule = new FaultSchedule();
  const granted = new Map<string, OutgoingHttpHeaders>();
  const timers: { at: number; what: () => void }[] = [];
  let profile: FaultProfile | undefined;
  let count = 0;
  let under = 0;
  let abandoned = 0;

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = await receive(incoming);
    count++;
    for (const timer of timers.splice(0)) {
      if (timer.at <= count) timer.what();
      else timers.push(timer);
    }
    const isGone = (): boolean => response.destroyed || response.socket?.destroyed !== false;
    const carryOut = async (what: Exchange, cut?: boolean): Promise<Answer> => {
      const found = await forward(what, cut);
      if (isGone()) abandoned++;
      return found;
    };
    const fault = profile === undefined ? undefined : schedule.next(profile, exchange, count);
    if (fault === undefined) {
      const blob = /^\/v2\/.*\/blobs\/(sha256:[0-9a-f]{64})$/.exec(exchange.url)?.[1];
      if (profile?.redirects === true && exchange.method === 'GET' && blob !== undefined) {
        granted.set(exchange.url, exchange.headers);
        answer(response, {
          status: 307,
          headers: { location: `http://${hostOf(elsewhere)}${exchange.url}` },
          body: Buffer.alloc(0),
        });
      } else answer(response, await carryOut(exchange));
      return;
    }
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    await misbehave(fault, exchange, response, carryOut, isGone, profile?.stallMs);
  };

  const forward = (exchange: Exchange, cut = false): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { method, url, headers, body } = exchange;
      const [host = '', port = ''] = upstream.split(':');
      const out = send({ host, port, method, path: url, headers, agent: cut ? new Agent() : agent }, (incoming) => {
        receive(incoming).then(
          ({ body: received }) =>
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: received }),
          reject,
        );
      });
      out.on('error', reject);
      if (!cut) out.end(body);
      else out.write(body.subarray(0, Math.floor(body.length / 2)), () => out.destroy(new Error('cut')));
    });

  const guarded = (incoming: IncomingMessage, response: ServerResponse): void => {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    // A registry that fails the proxy fails the client, too.
    under++;
    void handle(incoming, response)
      .catch(() => response.destroy())
      .finally(() => under--);
  };
  const server = await listen(guarded);
  // The other origin: object storage, which has its own right to what is asked for.
  const elsewhere = await listen((incoming, response) => {
    const { authorization } = incoming.headers;
    if (authorization !== undefined) strayed.push(authorization);
    const headers = granted.get(incoming.url ?? '') ?? {};
    forward({ method: 'GET', url: incoming.url ?? '', headers, body: Buffer.alloc(0) }).then(
      (found) => answer(response, found),
      () => response.destroy(),
    );
  });
  return {
    host: hostOf(server),
    get count() {
      return count;
    },
    faults,
    get abandoned() {
      return abandoned;
    },
    strayed,
    behave: (next) => {
      profile = next;
    },
    at: (when, what) => void timers.push({ at: when, what }),
    idle: async () => {
      while (under > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: async () => {
      agent.destroy();
      await Promise.all([server, elsewhere].map(close));
    },
  };
}

async function receive(incoming: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = incoming;
  return { method, url, headers, body: Buffer.concat(chunks) };
}

const hostOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

async function listen(onRequest: (incoming: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(onRequest);
  // Only the faults that were ordered: a machine that stands still for seconds would cut connections that a client is about to use.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
