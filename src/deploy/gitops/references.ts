import { upstreamNames, type WantedImage } from './wanted';

const part = String.raw`[\w.@:/-]`;

/** Places where `text` stands alone in another one: not as a part of a longer name, path or reference. */
function standsAlone(within: string, text: string): readonly number[] {
  const found: number[] = [];
  for (let at = within.indexOf(text); at >= 0; at = within.indexOf(text, at + text.length)) {
    const [before, after] = [within.slice(0, at), within.slice(at + text.length)];
    if (!new RegExp(`${part}$`).test(before) && !new RegExp(`^${part}`).test(after)) found.push(at);
  }
  return found;
}

/** `within` with every place where `text` stands alone changed. */
export function replaceAlone(within: string, text: string, by: string): string {
  const places = standsAlone(within, text);
  return places.reduceRight((all, at) => all.slice(0, at) + by + all.slice(at + text.length), within);
}

/** References to a repository in a text, each with tag or digest; a repository alone is none. */
export function referencesTo(repository: string, text: string): readonly string[] {
  if (!text.includes(repository)) return [];
  const expression = new RegExp(
    `(?<!${part})${escaped(repository)}(?::[\\w.-]+(?:@[\\w:.-]+)?|@[\\w:.-]+)(?!${part})`,
    'g',
  );
  return [...new Set([...text.matchAll(expression)].map(([whole]) => whole))];
}

/** `text` as it stands in a longer reference: with the tag or digest behind it, if one is there. */
export function extended(text: string, within: string): readonly string[] {
  if (!within.includes(text)) return [];
  const tail = /[@]|:[^/]*$/.test(text) ? '' : String.raw`(?::[\w.-]+)?(?:@[\w:.-]+)?`;
  const expression = new RegExp(`(?<!${part})${escaped(text)}${tail}(?!${part})`, 'g');
  return [...new Set([...within.matchAll(expression)].map(([whole]) => whole))];
}

/** The image that a repository is of: by our own name of it, or by one under which Kubeflow Pipelines publishes it. */
export function imageOfRepository(repository: string, images: readonly WantedImage[]): WantedImage | undefined {
  return images.find((image) => image.repository === repository || upstreamNames.get(image.name)?.includes(repository));
}

/** An image's reference without tag and digest: `host:5000/a/b:1@sha256:…` is `host:5000/a/b`. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
