import type { ContentKey } from '../types';
import { optionKinds } from './optionLines';

/**
 * What differs between two content keys, for people: paths of files (Dockerfile and .dockerignore first), then
 * `base image X`, `build argument X`, `platforms`, `target`, `build context`, `the inputs that the catalog declares`, `secret X`, `label X` and the like. Empty: the keys are the same.
 */
export function changedInputs(before: ContentKey, after: ContentKey): string[] {
  if (before.key === after.key) return [];
  const old = byInput(before);
  const now = byInput(after);
  const changed = new Map<string, string>();
  const compare = (name: string): void => {
    if (old.get(name) !== now.get(name)) changed.set(name, kindOf(name));
  };
  for (const name of now.keys()) compare(name);
  for (const name of old.keys()) compare(name);
  const of = (kind: string): string[] =>
    [...changed].filter(([, known]) => known === kind).map(([name]) => name.slice(name.indexOf(' ') + 1));
  const rules = [...of('dockerfile'), ...of('ignore')];
  const files = [...of('file'), ...of('folder')].sort();
  const args = [...new Set([...of('arg'), ...of('template')])].map((name) => `build argument ${name}`);
  // A base image that is only in one of them was exchanged in the Dockerfile, which is listed already.
  const explained = rules.length > 0 || args.length > 0;
  const bases = of('base').filter((name) => !explained || (old.has(`base ${name}`) && now.has(`base ${name}`)));
  const rest = [
    ...(of('platform').length > 0 ? ['platforms'] : []),
    ...(of('target').length > 0 ? ['target'] : []),
    ...(of('context').length > 0 ? ['build context'] : []),
    ...(of('inputs').length > 0 ? ['the inputs that the catalog declares'] : []),
    ...new Set([...optionKinds].flatMap(([kind, words]) => of(kind).map(words))),
  ];
  const all = [...new Set([...rules, ...files]), ...bases.map((name) => `base image ${name}`), ...args, ...rest];
  return all.length > 0 ? all : ['the way content keys are made'];
}

/** `KIND NAME` → the rest of the line; the names of targets and contexts are their values. */
function byInput(key: ContentKey): ReadonlyMap<string, string> {
  const inputs = new Map<string, string>();
  const add = (line: string): void => {
    const kind = line.slice(0, line.indexOf(' '));
    // A whole context is compared file by file.
    if (kind === 'whole-context') return;
    const cut = ['arg', 'template', 'label', 'annotation'].includes(kind) ? line.indexOf('=') : line.indexOf('\t');
    const name = cut < 0 ? line : line.slice(0, cut);
    // The same base image may be taken for several platforms.
    inputs.set(name, `${inputs.get(name) ?? ''}${cut < 0 ? '' : line.slice(cut)}`);
  };
  for (const line of key.lines.slice(1)) add(line);
  for (const line of key.contextLines) add(line);
  return inputs;
}

function kindOf(name: string): string {
  return name.slice(0, name.indexOf(' '));
}
