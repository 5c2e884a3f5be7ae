import { bindConfig } from './bind';
import { compareLayers, readLayer, type ImageArchive, type PathDifference } from './imageArchive';
import { field, parseJson } from '../system/json';

/** How a published image compares with a rebuilt one. */
interface ImageComparison {
  /** Sentences that name layer and file; empty: no bit differs. */
  readonly differences: readonly string[];
  /** What could not be compared here. */
  readonly notes: readonly string[];
}

/** So many differing files are named of a layer. */
const named = 5;

/**
 * Compares a published image with one that was rebuilt. `config`: of the published one; `env`: what binding wrote into it; `published`
 * gets its layers, asked only where a layer differs. `exactTimes`: can this engine set the times of files? Else they are left out.
 */
export async function compareImages(
  config: Uint8Array,
  rebuilt: ImageArchive,
  env: Readonly<Record<string, string>>,
  published: () => Promise<ImageArchive>,
  exactTimes: boolean,
): Promise<ImageComparison> {
  const own = Object.keys(env).length === 0 ? rebuilt.config : (bindConfig(rebuilt.config, env) ?? rebuilt.config);
  const differences = [...configDifferences(config, own, exactTimes)];
  const [before, after] = [diffIds(config), diffIds(rebuilt.config)];
  if (before.length !== after.length) {
    differences.push(`it has ${before.length} layers, rebuilt ${after.length}`);
    return { differences, notes: [] };
  }
  const wrong = before.flatMap((id, index) => (id === after[index] ? [] : [index]));
  if (wrong.length === 0) return { differences, notes: [] };
  const { layers } = await published();
  let onlyTimes = 0;
  for (const index of wrong) {
    const found = compareLayers(await readLayer(layers[index] ?? ''), await readLayer(rebuilt.layers[index] ?? ''));
    const real = exactTimes ? found : found.flatMap(withoutTime);
    const step = createdBy(config, index);
    const which = `layer ${index + 1} of ${before.length}${step === undefined ? '' : ` (${step})`}`;
    if (real.length === 0 && (found.length > 0 || !exactTimes)) onlyTimes += 1;
    else if (real.length === 0) differences.push(`${which}: the same files, in another order or encoding`);
    for (const { path, what } of real.slice(0, named)) differences.push(`${which}: ${path}: ${what}`);
    if (real.length > named) differences.push(`${which}: and ${real.length - named} more`);
  }
  const notes =
    onlyTimes === 0
      ? []
      : [
          `${onlyTimes} of ${before.length} layers have the same files with other times: this engine's image store can't set them`,
        ];
  return { differences, notes };
}

function withoutTime({ path, what }: PathDifference): readonly PathDifference[] {
  const rest = what.split(', ').filter((each) => each !== 'time');
  return rest.length === 0 ? [] : [{ path, what: rest.join(', ') }];
}

/** What differs in a configuration, by field. What says the same in another order of fields is the same. */
function configDifferences(published: Uint8Array, rebuilt: Uint8Array, exactTimes: boolean): readonly string[] {
  const [a, b] = [parseJson(published), parseJson(rebuilt)];
  const own = (config: unknown): unknown => field(config, 'config');
  const differs = (x: unknown, y: unknown): boolean => canonical(x) !== canonical(y);
  const fields = ['architecture', 'os', 'variant', ...(exactTimes ? ['created'] : [])];
  const names = new Set([...Object.keys(own(a) ?? {}), ...Object.keys(own(b) ?? {})]);
  return [
    ...fields.filter((name) => differs(field(a, name), field(b, name))).map((name) => `its configuration: ${name}`),
    ...[...names]
      .filter((name) => differs(field(own(a), name), field(own(b), name)))
      .sort()
      .map((name) => `its configuration: config.${name}`),
    ...(differs(steps(a), steps(b)) ? ['its configuration: history'] : []),
  ];
}

/** What each step did; when it was done is the commit's date, or not set. */
function steps(config: unknown): unknown {
  const history = field(config, 'history');
  return Array.isArray(history)
    ? history.map((line: unknown) => [field(line, 'created_by'), field(line, 'empty_layer') === true])
    : undefined;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
  return `{${entries
    .map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`)
    .sort()
    .join()}}`;
}

/** Digests of the layers before compression, which changes nothing of their content. */
function diffIds(config: Uint8Array): readonly string[] {
  const ids = field(field(parseJson(config), 'rootfs'), 'diff_ids');
  return Array.isArray(ids) ? ids.map(String) : [];
}

/** The instruction that made a layer. */
function createdBy(config: Uint8Array, layer: number): string | undefined {
  const history = field(parseJson(config), 'history');
  if (!Array.isArray(history)) return undefined;
  const full = history.filter((line: unknown) => field(line, 'empty_layer') !== true);
  const text = field(full[layer], 'created_by');
  return typeof text === 'string' ? text.slice(0, 120) : undefined;
}
