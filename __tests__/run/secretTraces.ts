import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

/** The forms in which a key could be seen: its PEM lines and its id, plain, and in base64 wherever in a text they are. */
export function formsOf(keyJson: string): readonly string[] {
  const key = JSON.parse(keyJson) as { readonly private_key: string; readonly private_key_id: string };
  const lines = key.private_key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
  const texts = [...lines, key.private_key_id];
  return texts.flatMap((text) => [text, ...[0, 1, 2].map((lead) => base64Within(text, lead))]);
}

/** What of a text's base64 does not depend on its neighbours, when it is `lead` bytes into a group of three. */
function base64Within(text: string, lead: number): string {
  const encoded = Buffer.from(`${'.'.repeat(lead)}${text}`)
    .toString('base64')
    .replace(/=+$/, '');
  return encoded.slice(lead === 0 ? 0 : lead + 1, -1);
}

/** Which of the forms are in a text; the runner's own commands for masking don't count. */
export function tracesIn(text: string, forms: readonly string[]): readonly string[] {
  const seen = text.replace(/^::add-mask::.*$/gm, '');
  return forms.filter((form) => seen.includes(form));
}

/** Files below a folder that hold one of the forms; layers are unpacked. */
export async function filesWithTraces(folder: string, forms: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (isGzip ? gunzipSync(bytes) : bytes).toString('latin1');
    if (forms.some((form) => text.includes(form))) found.push(path);
  }
  return found;
}

/** Collects the arguments of all processes of this machine, again and again (every so many milliseconds) until told to stop. */
export function watchArguments(everyMs = 10): { stop(): Promise<ReadonlySet<string>> } {
  return watchProcesses(async (id) => processFile(id, 'cmdline'), everyMs);
}

/**
 * Arguments and environment of each process that the programs of `own` (paths) start, where its environment holds the mark.
 * What a child starts in turn is the child's affair: docker gives its plugins all that it was given itself.
 */
export function watchChildren(mark: string, own: readonly string[]): { stop(): Promise<ReadonlySet<string>> } {
  const isOwn = (args: string): boolean => own.some((path) => args.includes(path));
  return watchProcesses(async (id) => {
    // In this order: what was just forked still has its parent's arguments, and then its environment too. The program under
    // test is itself such a child, of the test: its environment beside the test's arguments is not one of its own children.
    const args = await processFile(id, 'cmdline');
    if (args === '' || isOwn(args)) return '';
    const environment = await processFile(id, 'environ');
    if (!environment.includes(mark)) return '';
    const [, parent = ''] = /^PPid:\t(\d+)$/m.exec(await processFile(id, 'status')) ?? [];
    return isOwn(await processFile(parent, 'cmdline')) ? `${args}\n${environment}` : '';
  }, 10);
}

function watchProcesses(
  look: (id: string) => Promise<string>,
  everyMs: number,
): { stop(): Promise<ReadonlySet<string>> } {
  const seen = new Set<string>();
  const control = new AbortController();
  const watching = (async () => {
    while (!control.signal.aborted) {
      const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      for (const id of processes) seen.add(await look(id));
      await sleep(everyMs);
    }
  })();
  return {
    stop: async () => {
      control.abort();
      await watching;
      return seen;
    },
  };
}

async function processFile(id: string, name: 'cmdline' | 'environ' | 'status'): Promise<string> {
  return readFile(`/proc/${id}/${name}`, 'latin1').catch(() => '');
}
