/** A line `KEY=value` of an environment file, and where its value is. */
export interface EnvPair {
  readonly key: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const line = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(.*?)\s*$/;

/**
 * Reads a text of lines `KEY=value`, as kustomize's `envs` (params.env of Open Data Hub) and Terraform's `.tfvars` are; quotes and a comment
 * behind the value are not part of it. undefined: some line is something else, or there is none.
 */
export function readEnv(text: string): readonly EnvPair[] | undefined {
  const pairs: EnvPair[] = [];
  let at = 0;
  for (const whole of text.split('\n')) {
    const start = at;
    at += whole.length + 1;
    const shown = whole.replace(/^\uFEFF/, '').trim();
    if (shown === '' || shown.startsWith('#') || shown.startsWith('//')) continue;
    const [, key, rest] = line.exec(whole.replace(/^\uFEFF/, '')) ?? [];
    if (key === undefined || rest === undefined) return undefined;
    const from =
      start + whole.indexOf('=') + 1 + (/^[ \t]*/.exec(whole.slice(whole.indexOf('=') + 1))?.[0].length ?? 0);
    const [, quote = '', value = ''] = /^(["'])(.*?)\1(?:\s*(?:#.*)?)$/.exec(rest) ?? [];
    if (quote !== '') pairs.push({ key, value, start: from + 1, end: from + 1 + value.length });
    else {
      if (/^[[{]|<</.test(rest)) return undefined;
      const plain = rest.replace(/\s+#.*$/, '').replace(/^#.*$/, '');
      pairs.push({ key, value: plain, start: from, end: from + plain.length });
    }
  }
  return pairs.length === 0 ? undefined : pairs;
}
