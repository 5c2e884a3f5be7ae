/**
 * What a token is good for, `repository:NAME:pull,push`.
 * Grammar: https://distribution.github.io/distribution/spec/auth/scope/#resource-scope-grammar
 */
export type Scope = string;

/** Scope of reading a repository, and of writing to it. */
export const pull = (name: string): Scope => `repository:${name}:pull`;
export const push = (name: string): Scope => `repository:${name}:pull,push`;
/** Distribution has an action of its own for this; other registries take it as writing. */
export const remove = (name: string): Scope => `repository:${name}:delete,pull,push`;

const mostScopes = 50;

/**
 * Joins scopes (each may be a list divided by blanks, as in a challenge) into one entry per resource, in a fixed order, so
 * that the same rights always are the same key. What is not a scope is left out.
 */
export function joinScopes(scopes: readonly Scope[]): readonly Scope[] {
  const resources = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((list) => list.split(' '))) {
    const match = /^([\x21-\x7e]{1,512}):([a-z*,]{1,64})$/.exec(scope);
    const [, resource, actions] = match ?? [];
    if (resource === undefined || actions === undefined) continue;
    const known = resources.get(resource) ?? new Set<string>();
    for (const action of actions.split(',')) if (action !== '') known.add(action);
    if (resources.size < mostScopes || resources.has(resource)) resources.set(resource, known);
  }
  return [...resources].map(([resource, actions]) => `${resource}:${[...actions].sort().join(',')}`).sort();
}
