import type { Answer, Kubectl } from '../../src/deploy/kubectl';

/*
 * A fake: Deployments in memory, with what their controller makes of them, behind the calls that the commands make of kubectl. It knows
 * strategic-merge patches as `patchTo` writes them, and refuses one of another resourceVersion.
 */

interface Variable {
  readonly name: string;
  readonly value?: string;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly Variable[];
  readonly restarted?: boolean;
}
interface StoredDeployment {
  readonly name: string;
  annotations: Readonly<Record<string, string>>;
  containers: readonly Container[];
  version: number;
  generation: number;
  observed: number;
  revision: number;
  /** Has a pod of the newest revision become ready? */
  isReady: boolean;
  /** Looks for which its image has been pulled. */
  pulled: number;
}
interface StoredReplicaSet {
  readonly owner: string;
  readonly containers: readonly Container[];
  revision: number;
  /** Numbers that it had before. */
  history: string;
}

/** Does a pod that runs this image start? */
export type Starts = (image: string) => boolean;

/** Looks after which a registry has said that there is no such image: it takes longer than a command needs for its patches. */
const longestPull = 10;

export class MemoryCluster {
  readonly deployments: readonly StoredDeployment[];
  private readonly replicaSets: StoredReplicaSet[] = [];
  private readonly starts: Starts;

  constructor(containers: Readonly<Record<string, Container>>, starts: Starts) {
    this.starts = starts;
    this.deployments = Object.entries(containers).map(([name, container]) => ({
      ...{ name, annotations: {}, containers: [container], version: 1, generation: 1 },
      ...{ observed: 0, revision: 0, isReady: false, pulled: 0 },
    }));
    while (this.behind().length > 0) this.control(this.behind()[0] ?? '');
  }

  /** Those that their controller has yet to look at: each needs two looks, for its ReplicaSet and for its pod. */
  behind(): readonly string[] {
    return this.deployments.flatMap((each) =>
      each.observed < each.generation || (!each.isReady && (this.canStart(each) || each.pulled < longestPull))
        ? [each.name]
        : [],
    );
  }

  /** The controller looks at one of them. */
  control(name: string): void {
    const live = this.find(name);
    if (live.observed === live.generation) {
      live.pulled++;
      live.isReady ||= this.canStart(live);
    } else {
      const own = this.replicaSets.filter(({ owner }) => owner === name);
      const text = JSON.stringify(live.containers);
      const found = own.find((each) => JSON.stringify(each.containers) === text);
      const last = Math.max(0, ...own.map(({ revision }) => revision));
      if (found === undefined || found.revision < last) [live.isReady, live.pulled] = [false, 0];
      live.revision = found?.revision === last && last > 0 ? last : last + 1;
      if (found === undefined)
        this.replicaSets.push({ owner: name, containers: live.containers, revision: live.revision, history: '' });
      else if (found.revision !== live.revision) {
        found.history = [...(found.history === '' ? [] : [found.history]), String(found.revision)].join(',');
        found.revision = live.revision;
      }
      live.observed = live.generation;
    }
    live.version++;
  }

  /** Another template of the same images. */
  restart(name: string): void {
    const live = this.find(name);
    live.containers = live.containers.map((each) => ({ ...each, restarted: true }));
    live.generation++;
    live.version++;
  }

  /** Image of each Deployment, and its variables. */
  running(): string {
    const own = ({ name, image, env }: Container): object => ({ name, image, env });
    return JSON.stringify(this.deployments.map(({ name, containers }) => [name, containers.map(own)]));
  }

  readonly kubectl: Kubectl = ({ args }) => Promise.resolve(this.answer(args));

  private answer(args: readonly string[]): Answer {
    const [verb = '', what = '', name = ''] = args;
    if (verb === 'auth') return good('yes\n');
    if (verb === 'patch') return this.patch(name, args.at(-1)?.replace('--patch=', '') ?? '');
    if (what === 'deployments.apps') return good({ items: this.deployments.map((each) => this.object(each)) });
    if (what.startsWith('deployments.apps/')) return good(this.object(this.find(what.split('/')[1] ?? '')));
    if (what === 'replicasets.apps') return good({ items: this.replicaSets.map(replicaSetObject) });
    if (what === 'pods') return good({ items: this.deployments.flatMap((each) => this.pods(each)) });
    if (what === 'events') return good({ items: [] });
    return { exitCode: 1, stdout: '', stderr: 'Error from server (NotFound): not found' };
  }

  private patch(name: string, text: string): Answer {
    const live = this.find(name);
    const { metadata, spec } = JSON.parse(text) as Patch;
    if (metadata.resourceVersion !== `${live.version}`)
      return { exitCode: 1, stdout: '', stderr: 'Error from server (Conflict): the object has been modified' };
    const merged = Object.entries({ ...live.annotations, ...metadata.annotations });
    live.annotations = Object.fromEntries(merged.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
    const before = JSON.stringify(live.containers);
    live.containers = live.containers.map((container) => {
      const patch = spec.template.spec.containers.find((each) => each.name === container.name);
      const kept = container.env.filter((each) => patch?.env?.some((one) => one.name === each.name) !== true);
      const set = (patch?.env ?? []).flatMap(({ name: variable, value }) =>
        value === undefined ? [] : [{ name: variable, value }],
      );
      const env = [...kept, ...set].toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return { ...container, image: patch?.image ?? container.image, env };
    });
    if (JSON.stringify(live.containers) !== before) live.generation++;
    live.version++;
    return good(`deployment.apps/${name} patched\n`);
  }

  private object(live: StoredDeployment): object {
    const { name, annotations, containers, version, generation, observed, revision, isReady } = live;
    const reason = isReady ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
    return {
      metadata: {
        ...{ name, uid: name, resourceVersion: `${version}`, generation },
        annotations: { ...annotations, 'deployment.kubernetes.io/revision': `${revision}` },
      },
      spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: { spec: { containers } } },
      status: {
        observedGeneration: observed,
        ...{ replicas: isReady ? 1 : 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
        conditions: [{ type: 'Progressing', status: 'True', reason }],
      },
    };
  }

  private pods(live: StoredDeployment): readonly object[] {
    const newest = this.replicaSets.find(({ owner, revision }) => owner === live.name && revision === live.revision);
    if (newest === undefined) return [];
    const { uid } = replicaSetObject(newest).metadata;
    const waiting = { reason: 'ErrImagePull', message: 'manifest unknown' };
    const statuses = newest.containers.map(({ name, image }) => ({
      ...{ name, imageID: image, ready: live.isReady, restartCount: 0 },
      state: this.starts(image) || live.pulled < longestPull ? {} : { waiting },
    }));
    return [
      {
        metadata: { name: `${uid}-pod`, ownerReferences: [{ kind: 'ReplicaSet', name: uid, uid, controller: true }] },
        spec: { containers: newest.containers },
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: live.isReady ? 'True' : 'False' }],
          containerStatuses: statuses,
        },
      },
    ];
  }

  private canStart({ containers }: StoredDeployment): boolean {
    return containers.every(({ image }) => this.starts(image));
  }

  private find(name: string): StoredDeployment {
    const found = this.deployments.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no Deployment ${name}`);
    return found;
  }
}

interface Patch {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly annotations: Readonly<Record<string, string | null>>;
  };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly name: string;
          readonly image?: string;
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

function replicaSetObject({ owner, containers, revision, history }: StoredReplicaSet): {
  readonly metadata: { readonly uid: string };
} {
  // One for each template, as its name says.
  const uid = `${owner}-${containers.map(({ image, restarted }) => `${image}${String(restarted)}`).join('-')}`;
  const metadata = {
    ...{ name: uid, uid },
    annotations: {
      'deployment.kubernetes.io/revision': `${revision}`,
      ...(history === '' ? {} : { 'deployment.kubernetes.io/revision-history': history }),
    },
    ownerReferences: [{ kind: 'Deployment', name: owner, uid: owner, controller: true }],
  };
  return { metadata, ...{ spec: { template: { spec: { containers } } } } };
}

function good(answer: object | string): Answer {
  return { exitCode: 0, stdout: typeof answer === 'string' ? answer : JSON.stringify(answer), stderr: '' };
}
