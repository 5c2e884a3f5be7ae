import { quoted } from '../system/quoted';
import { hasStrayBraces, placeholders } from '../system/template';
import type { ImageFile } from '../types';
import type { Mistake } from './inputValues';

/** The inputs that secrets of builds come by. */
export const secretInputs = [
  {
    name: 'secrets',
    kind: 'secret',
    default: '',
    description:
      'Secrets for builds, one ID=VALUE per line; "ID=VALUE" in double quotes may span lines. An image gets the secrets that its catalog entry lists',
  },
  {
    name: 'secret-envs',
    kind: 'list',
    default: '',
    description: 'The same from environment variables: ID=VARIABLE, comma or newline separated',
  },
  {
    name: 'secret-files',
    kind: 'list',
    default: '',
    description: 'The same from files: ID=PATH, comma or newline separated',
  },
  {
    name: 'ssh',
    kind: 'list',
    default: '',
    description:
      'SSH agents or keys for builds: default, or ID=PATH of a socket or key. An image gets those that its catalog entry lists',
  },
] as const;

const id = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * The input `secrets`, as docker/build-push-action has it: `ID=VALUE`, one a line; the whole in double quotes may have several lines, a quote
 * in it is doubled. A mistake names the line and never shows it.
 */
export function readSecrets(text: string, mistake: Mistake): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const entries = text.match(/^[\t ]*"(?:[^"]|"")*"[\t ]*\r?$|^.*$/gm) ?? [];
  let line = 1;
  for (const entry of entries) {
    const at = line;
    line += entry.split('\n').length;
    const trimmed = entry.trim();
    if (trimmed === '') continue;
    const plain = /^"[^]*"$/.test(trimmed) ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed;
    const cut = plain.indexOf('=');
    const name = plain.slice(0, Math.max(0, cut));
    if (!id.test(name)) mistake(`line ${at} is not ID=VALUE (it is not shown, because it may be secret)`);
    else if (cut + 1 === plain.length) mistake(`the secret ${name} is empty; is the secret of that name set?`);
    else found.set(name, plain.slice(cut + 1));
  }
  return found;
}

/** `ID=TEXT`, comma or newline separated. `form`: how an entry reads. */
export function readPairs(text: string, form: string, mistake: Mistake): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of entriesOf(text)) {
    const cut = entry.indexOf('=');
    const name = entry.slice(0, Math.max(0, cut)).trim();
    const value = entry.slice(cut + 1).trim();
    if (!id.test(name) || value === '') mistake(`an entry is not ${form}: ${quoted(entry, 60)}`);
    else found.set(name, value);
  }
  return found;
}

/** `ID` for the agent of this machine, or `ID=PATH`. */
export function readAgents(text: string, mistake: Mistake): ReadonlyMap<string, string> {
  const entries = entriesOf(text).map((entry) => (entry.includes('=') ? entry : `${entry}=-`));
  const found = readPairs(entries.join('\n'), 'ID or ID=PATH', mistake);
  return new Map([...found].map(([name, path]) => [name, path === '-' ? '' : path]));
}

/** Destinations as docker's `--output` has them, one a line: `type=oci,dest=out/{{image}}.tar`. */
export function readOutputs(text: string, mistake: Mistake): readonly ImageFile[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const entry = line.trim();
    if (entry === '') return [];
    const [, type, dest = ''] = /^type=(oci|docker),dest=([^,"]+)$/.exec(entry) ?? [];
    const wrong = outputMistake(type, dest);
    if (wrong !== undefined) mistake(`${quoted(entry)} ${wrong}`);
    return wrong === undefined && (type === 'oci' || type === 'docker') ? [{ type, dest }] : [];
  });
}

const names = ['image', 'sha', 'short_sha'];

function outputMistake(type: string | undefined, dest: string): string | undefined {
  if (type === undefined) return 'is not type=oci,dest=PATH or type=docker,dest=PATH';
  const unknown = placeholders(dest).find((name) => !names.includes(name));
  if (unknown !== undefined || hasStrayBraces(dest)) {
    return `has a placeholder that is not known; known: ${names.map((name) => `{{${name}}}`).join(', ')}`;
  }
  return placeholders(dest).includes('image') ? undefined : 'must hold {{image}}, or one image would overwrite another';
}

function entriesOf(text: string): readonly string[] {
  return text
    .split(/[,\r\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
