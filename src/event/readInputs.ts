import { UsageError } from '../errors';
import { bounds } from '../system/bounds';
import type { Inputs } from '../types';
import { readAgents, readOutputs, readPairs, readSecrets } from './secretInputs';
import { readRegistryHosts } from './registryHosts';
import {
  builderName,
  platform,
  readBoolean,
  readChoice,
  readCount,
  readList,
  readRunsOn,
  readSbom,
  tagTemplate,
} from './inputValues';
import { actionInputs, inputChoices, type ActionInput, type InputName } from './inputs';

/**
 * The inputs, parsed and defaulted. `get` gives an input's raw value, empty when it was not given (`core.getInput`, or a flag's value);
 * `cpus` is how many builds run at once by default.
 * Throws one UsageError that names every input that can't be read; it shows no secret.
 */
export function readInputs(get: (name: InputName) => string, defaults: { readonly cpus: number }): Inputs {
  const mistakes: string[] = [];
  const raw = (name: InputName): string => {
    const value = get(name).trim();
    const input: ActionInput | undefined = actionInputs.find((each) => each.name === name);
    // A secret's default is an expression that only GitHub can fill in.
    return value === '' && input?.kind !== 'secret' ? (input?.default ?? '') : value;
  };
  const mistakeIn = (name: InputName) => (mistake: string) => void mistakes.push(`input ${name}: ${mistake}`);
  const listOf = (name: keyof typeof bounds.input & InputName) => ({
    most: bounds.input[name],
    mistake: mistakeIn(name),
  });
  const given = (name: InputName): string | undefined => (raw(name) === '' ? undefined : raw(name));
  const noCache = readBoolean(raw('no-cache'), mistakeIn('no-cache'));
  const inputs: Inputs = {
    registryPath: raw('registry-path'),
    credentialsJson: raw('credentials-json'),
    registryHosts: readRegistryHosts(raw('registry-hosts'), mistakeIn('registry-hosts')),
    images: readList(raw('images'), listOf('images')),
    commitMessage: given('commit-message'),
    catalog: given('catalog'),
    workingDirectory: raw('working-directory'),
    context: readChoice(raw('context'), inputChoices.contexts, mistakeIn('context')),
    // What is built without any cache is not taken from the registry either.
    rebuild: noCache ? 'all' : readChoice(raw('rebuild'), inputChoices.rebuilds, mistakeIn('rebuild')),
    tags: readList(raw('tags'), listOf('tags'), { each: tagTemplate, atLeastOne: true }),
    latest: readChoice(raw('latest'), inputChoices.latests, mistakeIn('latest')),
    diverged: readChoice(raw('diverged'), inputChoices.divergences, mistakeIn('diverged')),
    platforms: readList(raw('platforms'), listOf('platforms'), { each: platform, atLeastOne: true }),
    builder: given('builder') === undefined ? undefined : builderName(raw('builder'), mistakeIn('builder')),
    maxParallel: readCount(raw('max-parallel'), Math.max(1, defaults.cpus), mistakeIn('max-parallel')),
    cache: readChoice(raw('cache'), inputChoices.caches, mistakeIn('cache')),
    noCache,
    secrets: readSecrets(raw('secrets'), mistakeIn('secrets')),
    secretEnvs: readPairs(raw('secret-envs'), 'ID=VARIABLE', mistakeIn('secret-envs')),
    secretFiles: readPairs(raw('secret-files'), 'ID=PATH', mistakeIn('secret-files')),
    ssh: readAgents(raw('ssh'), mistakeIn('ssh')),
    failFast: readBoolean(raw('fail-fast'), mistakeIn('fail-fast')),
    push: readBoolean(raw('push'), mistakeIn('push')),
    load: readBoolean(raw('load'), mistakeIn('load')),
    outputs: readOutputs(raw('outputs'), mistakeIn('outputs')),
    dryRun: readBoolean(raw('dry-run'), mistakeIn('dry-run')),
    createRepository: readBoolean(raw('create-repository'), mistakeIn('create-repository')),
    fanOut: readChoice(raw('fan-out'), inputChoices.fanOuts, mistakeIn('fan-out')),
    maxShards: readCount(raw('max-shards'), 8, mistakeIn('max-shards'), bounds.matrixJobs),
    runsOn: readRunsOn(raw('runs-on'), mistakeIn('runs-on')),
    shard: raw('shard'),
    shards: raw('shards'),
    provenance: readBoolean(raw('provenance'), mistakeIn('provenance')),
    sbom: readSbom(raw('sbom'), mistakeIn('sbom')),
    sign: readChoice(raw('sign'), inputChoices.signs, mistakeIn('sign')),
    signKey: raw('sign-key'),
    githubToken: raw('github-token'),
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return inputs;
}
