import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GivenSecret, GivenSecrets } from '../builder/options';
import { UsageError, message } from '../errors';
import type { CatalogImage, Inputs } from '../types';

/** BuildKit takes no larger secret: https://github.com/moby/buildkit/blob/master/session/secrets/secrets.go */
const longest = 500 * 1024;

type SecretInputs = Pick<Inputs, 'secrets' | 'secretEnvs' | 'secretFiles' | 'ssh'>;

/** What secrets are looked up in. */
interface SecretPlaces {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Called with each value before anything is built, so that it can be hidden. */
  readonly onSecret: (value: string) => void;
}

/**
 * Looks up the secrets and agents that the images of a run are given. Throws one UsageError that names everything that is missing or can't be
 * read; no value is in it.
 */
export function findSecrets(images: readonly CatalogImage[], inputs: SecretInputs, places: SecretPlaces): GivenSecrets {
  const mistakes: string[] = [];
  const secrets = new Map<string, GivenSecret>();
  const ssh = new Map<string, string>();
  const wanted = (field: 'secrets' | 'ssh'): ReadonlyMap<string, readonly string[]> => {
    const byId = new Map<string, string[]>();
    for (const { name, options } of images) {
      for (const id of options?.[field] ?? []) byId.set(id, [...(byId.get(id) ?? []), name]);
    }
    return byId;
  };
  for (const [id, users] of wanted('secrets')) {
    const found = secretOf(id, inputs, places);
    if (typeof found === 'string') mistakes.push(`${found} (for ${users.join(', ')})`);
    else {
      places.onSecret(found.content);
      secrets.set(id, found.secret);
    }
  }
  for (const [id, users] of wanted('ssh')) {
    const path = inputs.ssh.get(id);
    if (path === undefined) {
      mistakes.push(
        `ssh: ${users.join(', ')} needs the agent or key ${id}; give it with the input ssh: ${id}, or ${id}=PATH`,
      );
    } else if (path === '' && !places.env['SSH_AUTH_SOCK']) {
      mistakes.push(
        `ssh: ${id} is the agent of this machine, and none runs (SSH_AUTH_SOCK is not set); start one, or give ${id}=PATH`,
      );
    } else ssh.set(id, path === '' ? '' : resolve(places.cwd, path));
  }
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return { secrets, ssh };
}

/** Ids that a run is given and no image of the catalog lists: for a warning. */
export function unusedSecrets(images: readonly CatalogImage[], inputs: SecretInputs): readonly string[] {
  const listed = new Set(images.flatMap(({ options }) => [...(options?.secrets ?? []), ...(options?.ssh ?? [])]));
  const given = [inputs.secrets, inputs.secretEnvs, inputs.secretFiles, inputs.ssh].flatMap((each) => [...each.keys()]);
  return [...new Set(given)].filter((id) => !listed.has(id));
}

function secretOf(
  id: string,
  { secrets, secretEnvs, secretFiles }: SecretInputs,
  { env, cwd }: SecretPlaces,
): { readonly secret: GivenSecret; readonly content: string } | string {
  const value = secrets.get(id);
  if (value !== undefined) return { secret: { kind: 'value', value }, content: value };
  const variable = secretEnvs.get(id);
  if (variable !== undefined) {
    const held = env[variable];
    return held === undefined || held === ''
      ? `secret-envs: the variable ${variable} of the secret ${id} is not set`
      : { secret: { kind: 'value', value: held }, content: held };
  }
  const file = secretFiles.get(id);
  if (file === undefined) {
    return `the secret ${id} is not given; give it with the input secrets (${id}=VALUE), secret-envs (${id}=VARIABLE) or secret-files (${id}=PATH)`;
  }
  const path = resolve(cwd, file);
  try {
    if (statSync(path).size > longest) return `secret-files: ${file} is larger than 500 KiB, which no build takes`;
    return { secret: { kind: 'file', path }, content: readFileSync(path, 'utf8') };
  } catch (thrown) {
    return `secret-files: ${file} of the secret ${id} can't be read (${message(thrown)})`;
  }
}
