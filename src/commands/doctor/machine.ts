import { statfs } from 'node:fs/promises';
import { detectBuilder, type Builder } from '../../builder/builder';
import { oldestBuildKit, oldNodes } from '../../builder/capabilities';
import type { BuilderNode } from '../../builder/buildxInspect';
import { size } from '../../report/format';
import { capture } from '../../system/exec';
import { bad, good, unknown, type Check, type Finding } from './check';

const oldestNode = 24;

/** All eight images, their base images and layers of one build take about so much. */
const neededBytes = 10e9;

/** What this machine needs to build. `chosen`: the name of a builder; undefined: the one that docker takes. */
export function machineChecks(
  chosen: string | undefined,
  nodeVersion: string = process.versions.node,
): readonly Check[] {
  // Asked once for all.
  const builder = detectBuilder({}, chosen);
  builder.catch(() => undefined);
  return [
    { name: 'Node', needed: true, look: () => Promise.resolve(node(nodeVersion)) },
    { name: 'git', needed: true, look: git },
    { name: 'Docker and buildx', needed: true, look: async () => lookAtBuilder(await builder) },
    { name: 'Space of the builder', needed: false, look: async () => space(await builder) },
  ];
}

function node(version: string): Finding {
  const major = Number(version.split('.')[0]);
  return major >= oldestNode
    ? good(version)
    : bad(`${version} is too old`, `Install Node ${oldestNode} or newer: https://nodejs.org`);
}

async function git(): Promise<Finding> {
  const { exitCode, stdout } = await capture({ command: 'git', args: ['--version'] });
  const text = stdout.toString('utf8').trim().replace('git version ', '');
  return exitCode === 0 ? good(text) : bad('git does not run', 'Install it: https://git-scm.com/downloads');
}

function lookAtBuilder(builder: Builder): Finding {
  const { driver, buildx, name, nodes } = builder;
  const text = [`buildx ${buildx.join('.')}, builder ${name} (driver ${driver})`, ...nodes.map(nodeText)].join('; ');
  const old = oldNodes(builder);
  if (old.length === 0) return good(text);
  const why = `${old.join(', ')}: older than ${oldestBuildKit.join('.')}, so file times are not set and digests do not repeat`;
  return unknown(`${text}. ${why}`, 'Update BuildKit: https://github.com/moby/buildkit/releases');
}

/** At most so many platforms are named. */
const shown = 6;

function nodeText({ name, version, platforms, status }: BuilderNode): string {
  const more = platforms.length > shown ? ` and ${platforms.length - shown} more` : '';
  const about = [
    version === undefined ? status : `BuildKit ${version}`,
    platforms.length === 0 ? '' : `${platforms.slice(0, shown).join(' ')}${more}`,
  ];
  return `node ${name}: ${about.filter((each) => each !== '').join(', ')}`;
}

/** Disk that builds fill: the engine's folder where it is on this machine, else what the builder's cache takes, all that BuildKit tells. */
async function space({ driver, name }: Builder): Promise<Finding> {
  if (!driver.startsWith('docker') || !(await isLocalEngine())) return cacheOf(name);
  const { exitCode, stdout } = await capture({ command: 'docker', args: ['info', '--format', '{{.DockerRootDir}}'] });
  const folder = stdout.toString('utf8').trim();
  if (exitCode !== 0 || folder === '') return unknown('the engine does not say where it keeps images');
  const about = await statfs(folder).catch(() => undefined);
  if (about === undefined) return unknown(`${folder} can't be looked at from here`);
  const free = about.bavail * about.bsize;
  return free >= neededBytes
    ? good(`${size(free)} free in ${folder}`)
    : bad(
        `${size(free)} free in ${folder}; all images need about ${size(neededBytes)}`,
        `docker buildx prune --builder ${name}`,
        'docker image prune',
      );
}

/** Does docker talk to an engine of this machine? Another one may have a folder of the same name. */
async function isLocalEngine(): Promise<boolean> {
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const { exitCode, stdout } = await capture({ command: 'docker', args });
  return exitCode === 0 && /^(?:unix|npipe):/.test(stdout.toString('utf8').trim());
}

async function cacheOf(name: string): Promise<Finding> {
  const { exitCode, stdout } = await capture({ command: 'docker', args: ['buildx', 'du', '--builder', name] });
  const total = /^Total:\s+(\S+)\s*$/m.exec(stdout.toString('utf8'))?.[1];
  return exitCode !== 0 || total === undefined
    ? unknown(`the builder ${name} does not say how much its cache takes`)
    : good(`the cache of builder ${name} takes ${total}; how much is free there BuildKit does not tell`);
}
