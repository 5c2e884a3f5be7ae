import { statfs } from 'node:fs/promises';
import { detectBuilder } from '../../build/builder';
import { size } from '../../report/format';
import { capture } from '../../system/exec';
import { bad, good, unknown, type Check, type Finding } from './check';

const oldestNode = 24;

/** All eight images, their base images and layers of one build take about so much. */
const neededBytes = 10e9;

/** What this machine needs to build. */
export function machineChecks(nodeVersion: string = process.versions.node): readonly Check[] {
  return [
    { name: 'Node', needed: true, look: () => Promise.resolve(node(nodeVersion)) },
    { name: 'git', needed: true, look: git },
    { name: 'Docker and buildx', needed: true, look: builder },
    { name: 'Space of the engine', needed: false, look: space },
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

async function builder(): Promise<Finding> {
  const { driver, buildx } = await detectBuilder();
  return good(`buildx ${buildx.join('.')}, driver ${driver}`);
}

async function space(): Promise<Finding> {
  const { exitCode, stdout } = await capture({ command: 'docker', args: ['info', '--format', '{{.DockerRootDir}}'] });
  const folder = stdout.toString('utf8').trim();
  if (exitCode !== 0 || folder === '') return unknown('the engine does not say where it keeps images');
  // A remote engine's folder is not on this machine.
  const about = await statfs(folder).catch(() => undefined);
  if (about === undefined) return unknown(`${folder} can't be looked at from here`);
  const free = about.bavail * about.bsize;
  return free >= neededBytes
    ? good(`${size(free)} free in ${folder}`)
    : bad(
        `${size(free)} free in ${folder}; all images need about ${size(neededBytes)}`,
        'docker buildx prune',
        'docker image prune',
      );
}
