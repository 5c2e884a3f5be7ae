import { upstreamNames, type WantedImage } from './wanted';

const part = String.raw`[\w.@:/-]`;
const isPart = new RegExp(part);
/** Where a reference may begin though a part of a longer one could be: behind `docker://`, and `${NAME:-`, which gives a default. */
const opening = String.raw`:\/\/|\$\{\w{1,60}:?-`;
const isOpened = new RegExp(`(?:${opening})$`);
const begin = `(?:(?<=${opening})|(?<!${part}))`;

/** Places where `text` stands alone in another one: not as a part of a longer name, path or reference. */
export function placesAlone(within: string, text: string): readonly number[] {
  const found: number[] = [];
  for (let at = within.indexOf(text); at >= 0; at = within.indexOf(text, at + text.length)) {
    const [before, after] = [within[at - 1] ?? ' ', within[at + text.length] ?? ' '];
    const begins = !isPart.test(before) || isOpened.test(within.slice(Math.max(0, at - 70), at));
    if (begins && !isPart.test(after)) found.push(at);
  }
  return found;
}

/** `within` with every place where `text` stands alone changed. */
export function replaceAlone(within: string, text: string, by: string): string {
  const places = placesAlone(within, text);
  const kept = [0, ...places.map((at) => at + text.length)];
  return kept.map((from, index) => within.slice(from, places[index])).join(by);
}

/** References to a repository in a text, each with tag or digest; a repository alone is none. */
export function referencesTo(repository: string, text: string): readonly string[] {
  if (!text.includes(repository)) return [];
  const expression = new RegExp(
    `${begin}${escaped(repository)}(?::[\\w.-]+(?:@[\\w:.-]+)?|@[\\w:.-]+)(?!${part})`,
    'g',
  );
  return [...new Set([...text.matchAll(expression)].map(([whole]) => whole))];
}

/** `text` as it stands in a longer reference: with the tag or digest behind it, if one is there. */
export function extended(text: string, within: string): readonly string[] {
  if (!within.includes(text)) return [];
  const tail = /[@]|:[^/]*$/.test(text) ? '' : String.raw`(?::[\w.-]+)?(?:@[\w:.-]+)?`;
  const expression = new RegExp(`${begin}${escaped(text)}${tail}(?!${part})`, 'g');
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
