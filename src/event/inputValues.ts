import { didYouMean } from '../system/nearest';
import { parseJson } from '../system/json';
import { quoted } from '../system/quoted';
import { expandTemplate, hasStrayBraces, placeholders } from '../system/template';
import type { Inputs, RunnerLabels, RunsOn } from '../types';

/** Takes what is wrong with a value that can't be read. The value that is then given back is only there to go on and find further mistakes. */
export type Mistake = (text: string) => void;

/** The value when it is one of `choices`; otherwise reports it and gives the first. */
export function readChoice<Choice extends string>(
  value: string,
  choices: readonly [Choice, ...Choice[]],
  mistake: Mistake,
): Choice {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  mistake(`${quoted(value)} is not one of ${choices.join(', ')}${didYouMean(value, choices)}`);
  return choices[0];
}

/**
 * A boolean as `core.getBooleanInput` of @actions/core takes it, the YAML 1.2 core schema: true, True, TRUE, false, False, FALSE
 * (https://yaml.org/spec/1.2.2/#1032-tag-resolution). `yes` or `1` are refused: read as false they would be a silent mistake.
 */
export function readBoolean(value: string, mistake: Mistake): boolean {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (!/^(false|False|FALSE)$/.test(value)) mistake(`${quoted(value)} is not true or false`);
  return false;
}

/** A whole number from 1 to `most`; empty gives `fallback`. */
export function readCount(value: string, fallback: number, mistake: Mistake, most = 9999): number {
  if (value === '') return fallback;
  if (/^[1-9][0-9]{0,3}$/.test(value) && Number(value) <= most) return Number(value);
  mistake(`${quoted(value)} is not a whole number from 1 to ${most}`);
  return fallback;
}

/**
 * The entries of a comma or newline separated list, or of a JSON array of texts (as the outputs `keywords`, `built` and `reused` are), trimmed,
 * each once, empty ones left out. `each` gives an entry's normal form,
 * or says what is wrong with it.
 */
export function readList(
  value: string,
  bound: { readonly most: number; readonly mistake: Mistake },
  check?: {
    readonly each: (entry: string) => { readonly entry: string } | { readonly wrong: string };
    readonly atLeastOne: boolean;
  },
): readonly string[] {
  const entries = (jsonTexts(value) ?? value.split(/[,\r\n]/))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const { most, mistake } = bound;
  if (entries.length > most) {
    mistake(`has ${entries.length} entries; ${most} are the most`);
    return entries.slice(0, 1);
  }
  if (check === undefined) return [...new Set(entries)];
  if (entries.length === 0 && check.atLeastOne) mistake('at least one must be given');
  const normal = entries.flatMap((entry) => {
    const checked = check.each(entry);
    if ('entry' in checked) return [checked.entry];
    mistake(`${quoted(entry)} ${checked.wrong}`);
    return [];
  });
  return [...new Set(normal)];
}

function jsonTexts(value: string): readonly string[] | undefined {
  if (!value.trim().startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.every((each) => typeof each === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `os/architecture[/variant]` in lower case, as containerd writes platforms
 * (https://pkg.go.dev/github.com/containerd/platforms); a bare `amd64` is refused, for buildx would take it as an operating system or
 * an architecture depending on the machine.
 */
export function platform(entry: string): { readonly entry: string } | { readonly wrong: string } {
  return /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9_.]+)?$/.test(entry)
    ? { entry }
    : { wrong: 'is not a platform: os/architecture[/variant], for example linux/amd64 or linux/arm64/v8' };
}

/** The name of a buildx builder, or of a docker context, which is one too. Never an option, never a path. */
export function builderName(value: string, mistake: Mistake): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/.test(value)) {
    mistake(`${quoted(value)} is not the name of a builder; \`docker buildx ls\` lists them`);
  }
  return value;
}

/** `true`, `false`, or `generator=IMAGE`. */
export function readSbom(value: string, mistake: Mistake): Inputs['sbom'] {
  const [, image] = /^generator=([A-Za-z0-9][A-Za-z0-9._:/@-]{0,499})$/.exec(value) ?? [];
  if (image !== undefined) return { kind: 'generator', image };
  if (value === 'true') return { kind: 'binaries' };
  if (value !== 'false' && value !== '') mistake(`${quoted(value)} is neither true, false nor generator=IMAGE`);
  return { kind: 'none' };
}

/** A runner's label, a JSON list of labels, or JSON from platform to these; empty: an empty map. */
export function readRunsOn(value: string, mistake: Mistake): RunsOn {
  if (!/^[{[]/.test(value)) return value === '' ? {} : value;
  const json = parseJson(value);
  if (isLabels(json)) return json;
  const entries = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : undefined;
  const labels = entries?.filter((entry): entry is [string, RunnerLabels] => isLabels(entry[1]));
  if (
    labels !== undefined &&
    labels.length === entries?.length &&
    labels.every(([name]) => 'entry' in platform(name))
  ) {
    return Object.fromEntries(labels);
  }
  mistake(
    `${quoted(value)} is neither a label, nor JSON like ["self-hosted", "large"] or {"linux/arm64": "ubuntu-24.04-arm"}`,
  );
  return {};
}

function isLabels(json: unknown): json is RunnerLabels {
  const isLabel = (each: unknown): boolean => typeof each === 'string' && each !== '';
  return isLabel(json) || (Array.isArray(json) && json.length > 0 && json.every(isLabel));
}

const tagNames = {
  sha: 'a'.repeat(40),
  short_sha: 'a'.repeat(7),
  branch: 'branch',
  date: '20260105',
  version: '1.2.3',
  pr: '1',
} as const;

/**
 * A tag with `{{sha}}`, `{{short_sha}}`, `{{branch}}`, `{{date}}`, `{{version}}`, `{{pr}}`; filled in it must be a tag by the OCI distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests). Two kinds of tags have a meaning of their
 * own and are never written from here: `latest`, which only moves forwards, and `key-…`, by which unchanged images are found again.
 */
export function tagTemplate(entry: string): { readonly entry: string } | { readonly wrong: string } {
  const names = Object.keys(tagNames);
  const known = names.map((name) => `{{${name}}}`).join(', ');
  const unknown = placeholders(entry).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    return { wrong: `has the unknown placeholder ${quoted(unknown)}; known: ${known}${didYouMean(unknown, names)}` };
  }
  if (hasStrayBraces(entry)) return { wrong: `has an unfinished placeholder; known: ${known}` };
  const example = expandTemplate(entry, tagNames);
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(example)) {
    return { wrong: 'is not a tag: letters, digits, "_", "." and "-", not beginning with "." or "-", 128 at most' };
  }
  if (example === 'latest') return { wrong: 'is moved by the input latest, only forwards; leave it out here' };
  if (example.startsWith('key-'))
    return { wrong: 'begins with key-, which marks images by their content; choose another' };
  return { entry: entry.replace(/\{\{\s*(\w+)\s*\}\}/g, '{{$1}}') };
}
