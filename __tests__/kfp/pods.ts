import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { end, start } from '../cluster/apiServer';
import type { Fate, FakePod } from '../cluster/fakeNode';
import type { World } from '../cluster/world';
import { freePort } from '../support/registryProcess';

/* The pods of ml-pipeline run the given API server, each with the environment of its image and its Deployment, as a kubelet starts it. */

/** What each API server finds. */
export interface Surroundings {
  readonly databasePort: number;
  readonly storePort: number;
  /** The environment that an image brings along; empty: it has none that is known. */
  readonly imageEnv: (image: string) => Promise<Readonly<Record<string, string>>>;
}

export interface KfpPods extends AsyncDisposable {
  /** Of the newest one that answers: its REST API. */
  url(): string;
  /** Requests of Kubernetes that those started from now on make in a second; KFP's own default is 5. */
  requestsPerSecond: number;
  /** Stops those started from now on as soon as they answer, in the midst of their first work. */
  hold: boolean;
  /** Lets the stopped one go on, and stops none any more. */
  release(): void;
}

interface Running {
  readonly log: string;
  readonly port: number;
  child: ChildProcess | undefined;
  isReady: boolean;
}

/** Lets the node of this world run them. */
export function runKfp(world: World, surroundings: Surroundings): KfpPods {
  const pods = new Map<string, Running>();
  let held: number | undefined;
  const fateOf = (image: string, pod: FakePod): Fate => {
    if (pod.container !== 'ml-pipeline-api-server') return { kind: 'runs' };
    const running = pods.get(pod.name);
    if (running === undefined) {
      void launch(image, pod);
      return { kind: 'stuck' };
    }
    if (typeof running.child?.exitCode === 'number') return { kind: 'crashes', lines: tail(running.log) };
    return running.isReady ? { kind: 'runs', lines: tail(running.log) } : { kind: 'stuck' };
  };

  async function launch(image: string, { name, env }: FakePod): Promise<void> {
    const folder = join(world.server.folder, name);
    const starting: Running = { log: join(folder, 'log'), port: 0, child: undefined, isReady: false };
    pods.set(name, starting);
    await mkdir(folder);
    await writeFile(starting.log, '');
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const [http, rpc] = [await freePort(), await freePort()];
    const running = { ...starting, port: http };
    pods.set(name, running);
    const args = [
      `--config=${folder}`,
      `--sampleconfig=${join(folder, 'none.json')}`,
      `--httpPortFlag=:${http}`,
      `--rpcPortFlag=:${rpc}`,
      '--logtostderr=true',
    ];
    const all = {
      ...{ PATH: process.env['PATH'], HOME: folder },
      ...(await surroundings.imageEnv(image)),
      ...env,
      ...found(world, surroundings),
      CLIENTQPS: String(own.requestsPerSecond),
      CLIENTBURST: '1',
    };
    // It outlives one SIGTERM.
    running.child = start(process.env['KFP_APISERVER'] ?? '', running.log, args, { signal: 'KILL', env: all });
    while (!running.isReady && running.child.exitCode === null) {
      running.isReady = await answers(`http://127.0.0.1:${http}/apis/v2beta1/healthz`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (own.hold && running.child.pid !== undefined) {
      held = programOf(running.child.pid);
      process.kill(held, 'SIGSTOP');
    }
    // Those before it go, as their pods do.
    for (const [other, { child }] of pods) {
      if (other === name || !running.isReady || child === undefined) continue;
      pods.delete(other);
      await end(child);
    }
  }

  const newest = (): Running => {
    const ready = [...pods.values()].findLast(({ isReady }) => isReady);
    if (ready === undefined) throw new Error('No API server of Kubeflow Pipelines answers');
    return ready;
  };
  world.node.fateOf = fateOf;
  const own: KfpPods = {
    url: () => `http://127.0.0.1:${newest().port}`,
    requestsPerSecond: 50,
    hold: false,
    release: () => {
      own.hold = false;
      if (held !== undefined) process.kill(held, 'SIGCONT');
      held = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      world.node.fateOf = () => ({ kind: 'runs' });
      for (const { child } of pods.values()) if (child !== undefined) await end(child);
    },
  };
  return own;
}

/** https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/apiserver/config/config.json has these; the values are ours. */
const config = {
  DBConfig: { MySQLConfig: { DBName: 'mlpipeline', GroupConcatMaxLen: '4194304' }, ConMaxLifeTime: '120s' },
  ObjectStoreConfig: {
    AccessKey: 'key',
    SecretAccessKey: 'secret',
    BucketName: 'mlpipeline',
    PipelinePath: 'pipelines',
  },
  DBDriverName: 'mysql',
  InitConnectionTimeout: '2m',
  DEFAULTPIPELINERUNNERSERVICEACCOUNT: 'pipeline-runner',
};

function found(world: World, { databasePort, storePort }: Surroundings): Readonly<Record<string, string>> {
  return {
    POD_NAMESPACE: world.namespace,
    KUBECONFIG: world.server.kubeconfig,
    DBCONFIG_MYSQLCONFIG_HOST: '127.0.0.1',
    DBCONFIG_MYSQLCONFIG_PORT: String(databasePort),
    OBJECTSTORECONFIG_HOST: '127.0.0.1',
    OBJECTSTORECONFIG_PORT: String(storePort),
    OBJECTSTORECONFIG_SECURE: 'false',
    ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST: '127.0.0.1',
    ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT: '9',
  };
}

/** `start` puts a shell before the program, which ends it with us. https://man7.org/linux/man-pages/man5/proc_tid_children.5.html */
const programOf = (shell: number): number =>
  Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]);

const tail = (log: string): readonly string[] => readFileSync(log, 'utf8').slice(-200_000).split('\n');

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}
