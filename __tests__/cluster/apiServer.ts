import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/registryProcess';

/** A real Kubernetes API server on loopback, with an etcd of its own. It has no controllers and no nodes. */
export interface ApiServer extends AsyncDisposable {
  /** For KUBECONFIG: its context `test` is an administrator, `reader` may only read. */
  readonly kubeconfig: string;
  readonly folder: string;
  /** Speaks to the API as administrator: path, method, body; gives status and JSON. */
  api(path: string, options?: ApiOptions): Promise<ApiAnswer>;
}

export interface ApiOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface ApiAnswer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Kubernetes objects, read by tests only
  readonly json: any;
}

const [adminToken, readerToken] = ['administrator-of-the-tests', 'reader-of-the-tests'];

/** Starts one; the programs are those that script/cluster found. Ends with `await using`, or with this process. */
export async function startApiServer(): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-cluster-'));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = start(needed('KFP_IMAGES_ETCD'), join(folder, 'etcd.log'), [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ]);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(join(folder, 'sa.key'), privateKey);
  await writeFile(join(folder, 'sa.pub'), publicKey);
  await writeFile(
    join(folder, 'tokens.csv'),
    `${adminToken},admin,1,system:masters\n${readerToken},reader,2,readers\n`,
  );
  const server = start(needed('KFP_IMAGES_KUBE_APISERVER'), join(folder, 'apiserver.log'), [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    // Nobody looks for it there; where there is no default route, it finds none itself (https://www.rfc-editor.org/rfc/rfc5737).
    '--advertise-address=192.0.2.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    // Nothing here makes the `default` account of each namespace.
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged=true',
  ]);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const stop = async (): Promise<void> => {
    agent.destroy();
    await end(server);
    await end(etcd);
    await rm(folder, { recursive: true, force: true });
  };
  const api = (path: string, options: ApiOptions = {}): Promise<ApiAnswer> => call(agent, port, path, options);
  try {
    await ready(api, server, join(folder, 'apiserver.log'));
    await api('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      method: 'POST',
      body: {
        metadata: { name: 'readers' },
        rules: [
          {
            apiGroups: ['', 'apps'],
            resources: ['deployments', 'pods', 'configmaps', 'events'],
            verbs: ['get', 'list'],
          },
        ],
      },
    });
    await api('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      method: 'POST',
      body: {
        metadata: { name: 'readers' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'readers' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'readers' }],
      },
    });
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(
      kubeconfig,
      kubeconfigOf(`https://127.0.0.1:${port}`, join(folder, 'certificates', 'apiserver.crt')),
    );
    return { kubeconfig, folder, api, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function kubeconfigOf(server: string, ca: string): string {
  const context = (name: string): object => ({ name, context: { cluster: 'test', user: name } });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': ca } }],
    contexts: [context('test'), context('reader')],
    users: [
      { name: 'test', user: { token: adminToken } },
      { name: 'reader', user: { token: readerToken } },
    ],
  });
}

function needed(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set. Run the tests with \`make test-cluster\`.`);
  return value;
}

/** Starts a program that ends with us, by this signal. Its environment is ours unless given. */
export function start(
  program: string,
  log: string,
  args: readonly string[],
  { signal = 'TERM', env }: { readonly signal?: 'TERM' | 'KILL'; readonly env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  // The shell ends with us, however we end: its standard input closes then, and it ends the program.
  const script = `"$@" >"$0" 2>&1 & child=$!; read -r _ || true; kill -${signal} "$child"; wait "$child"`;
  return spawn('bash', ['-c', script, log, program, ...args], { stdio: ['pipe', 'ignore', 'ignore'], env });
}

/** Ends what `start` started. */
export function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve();
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}

async function ready(api: ApiServer['api'], server: ChildProcess, log: string): Promise<void> {
  const end = Date.now() + 240_000;
  for (;;) {
    const status = await api('/readyz').then(
      (answer) => answer.status,
      () => 0,
    );
    // The namespace `default` comes last.
    if (status === 200 && (await api('/api/v1/namespaces/default')).status === 200) return;
    if (Date.now() > end || server.exitCode !== null) {
      throw new Error(`The API server did not start:\n${(await readFile(log, 'utf8')).slice(-3000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function call(agent: Agent, port: number, path: string, options: ApiOptions): Promise<ApiAnswer> {
  const { method = 'GET', body, contentType = 'application/json' } = options;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': contentType };
    const outgoing = request({ agent, host: '127.0.0.1', port, path, method, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: incoming.statusCode ?? 0,
          json: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
        });
      });
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
