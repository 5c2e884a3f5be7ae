import { EnvironmentError } from '../errors';
import type { BuilderNode, Inspected } from './buildxInspect';

type Of = Pick<Inspected, 'name' | 'driver' | 'nodes'>;

/**
 * Nodes that don't answer. One of docker-container or kubernetes that is not there yet is started by the first build; what `remote` points
 * at is started by others, and buildx waits 20 seconds for it, at each try.
 */
export function silentNodes({ driver, nodes }: Pick<Of, 'driver' | 'nodes'>): readonly BuilderNode[] {
  return nodes.filter(({ error, status }) => error !== undefined || (driver === 'remote' && status === 'inactive'));
}

/**
 * Can the nodes that answer build for these platforms? Throws EnvironmentError where none answers, or where a silent one was set to be the one
 * for a platform that no other has; gives sentences for people where only some are silent.
 */
export function checkNodes(builder: Of, platforms: readonly string[]): readonly string[] {
  const silent = silentNodes(builder);
  const answering = builder.nodes.filter((node) => !silent.includes(node));
  if (silent.length === 0) return [];
  const has = (nodes: readonly BuilderNode[], platform: string): boolean =>
    nodes.some((node) => node.platforms.includes(platform));
  const lost = platforms.filter((platform) => has(silent, platform) && !has(answering, platform));
  const which = silent.map(named).join('; ');
  const { name } = builder;
  const fix = `Start it, look at it with \`docker buildx inspect ${name}\``;
  if (answering.length > 0 && lost.length === 0) {
    return [`The builder ${name} has nodes that do not answer (${which}); the others build. ${fix}.`];
  }
  const whatFor = answering.length === 0 ? '' : ` for ${lost.join(', ')}`;
  throw new EnvironmentError(
    `The builder ${name} does not answer${whatFor} (${which}), so nothing was built.\n` +
      `${fix}, or choose another one: input builder, \`docker buildx use NAME\` (\`docker buildx ls\` lists them).`,
  );
}

function named({ name, endpoint, error }: BuilderNode): string {
  return `node ${name} at ${endpoint}${error === undefined ? '' : `: ${error.slice(0, 300)}`}`;
}
