import * as v from 'valibot';
import type { BuildOptions, NamedContext } from '../types';
import { quoted } from '../system/quoted';
import { normalPath, wrongPath, wrongTemplate } from './fieldRules';
import { named, text } from './shapes';

/*
 * What a build is given beside its files: the fields of a catalog with the names and meanings of docker's own flags
 * (https://docs.docker.com/reference/cli/docker/buildx/build/). Each check gives what is wrong and how to fix it, or undefined.
 */

const networks = ['default', 'none', 'host'] as const;

/** The schema of each field. */
export const optionFields = {
  secrets: v.optional(v.array(text(wrongId))),
  ssh: v.optional(v.array(text(wrongId))),
  buildContexts: v.optional(named(wrongContextName, text(wrongContext))),
  labels: v.optional(
    named(
      wrongLabelName,
      text((value) => wrongTemplate(value)),
    ),
  ),
  annotations: v.optional(
    named(
      wrongAnnotationName,
      text((value) => wrongTemplate(value)),
    ),
  ),
  noCache: v.optional(v.boolean()),
  network: v.optional(text(wrongNetwork)),
  addHosts: v.optional(named(wrongHostName, text(wrongAddress))),
  shmSize: v.optional(text(wrongSize)),
  ulimits: v.optional(named(wrongUlimit, text(wrongLimit))),
};

/** The fields of an image as a catalog file has them. */
interface OptionFields {
  readonly secrets?: readonly string[] | undefined;
  readonly ssh?: readonly string[] | undefined;
  readonly buildContexts?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly noCache?: boolean | undefined;
  readonly network?: string | undefined;
  readonly addHosts?: Readonly<Record<string, string>> | undefined;
  readonly shmSize?: string | undefined;
  readonly ulimits?: Readonly<Record<string, string>> | undefined;
}

/** The options of an image whose fields have been checked; undefined: it has none. */
export function optionsOf(fields: OptionFields): BuildOptions | undefined {
  const options: BuildOptions = {
    secrets: [...new Set(fields.secrets)].sort(),
    ssh: [...new Set(fields.ssh)].sort(),
    buildContexts: Object.fromEntries(
      Object.entries(fields.buildContexts ?? {}).map(([name, text]) => [name, contextOf(text)]),
    ),
    labels: fields.labels ?? {},
    annotations: fields.annotations ?? {},
    noCache: fields.noCache ?? false,
    network: networks.find((each) => each === fields.network),
    addHosts: fields.addHosts ?? {},
    shmSize: fields.shmSize,
    ulimits: fields.ulimits ?? {},
  };
  const isEmpty = Object.values(options).every(
    (value: unknown) =>
      value === undefined ||
      value === false ||
      (typeof value === 'object' && value !== null && Object.keys(value).length === 0),
  );
  return isEmpty ? undefined : options;
}

const imageScheme = 'docker-image://';

function contextOf(text: string): NamedContext {
  if (text.startsWith(imageScheme)) return { kind: 'image', reference: text.slice(imageScheme.length) };
  return text.includes('://') ? { kind: 'git', url: text } : { kind: 'folder', path: normalPath(text) };
}

/** Id of a secret or an agent: it is in a list of options that is divided by commas. */
function wrongId(id: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id)
    ? undefined
    : `${quoted(id)} is not an id; use letters, digits, "_", "." and "-", as in the Dockerfile's --mount=…,id=ID`;
}

/** What a Dockerfile can name in FROM and --from: a stage's name, or a reference of an image that it takes the place of. */
function wrongContextName(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]*([/:@][a-z0-9_][a-z0-9._-]*)*$/.test(name) && name.length <= 255
    ? undefined
    : 'is not a name that FROM or --from can give, such as shared or golang:1.26';
}

function wrongContext(text: string): string | undefined {
  if (text.startsWith(imageScheme)) {
    return /^[a-z0-9][\w.:/@-]*$/.test(text.slice(imageScheme.length))
      ? undefined
      : `${quoted(text)} names no image; write docker-image://NAME:TAG, or @sha256:… for a fixed one`;
  }
  if (text.includes('://')) {
    return /^https:\/\/[A-Za-z0-9.-]+(:[0-9]+)?\/[\w./-]+\.git#[0-9a-f]{40}(:[\w./-]+)?$/.test(text)
      ? undefined
      : `${quoted(text)} is not fixed; a repository is given as https://HOST/PATH.git#COMMIT[:FOLDER] with all 40 digits of the commit, without a login`;
  }
  return wrongPath(text);
}

/** Those that say which commit an image is of are ours. */
const ownLabels = ['org.opencontainers.image.revision', 'org.opencontainers.image.created'];

function wrongLabelName(name: string): string | undefined {
  if (ownLabels.includes(name)) return 'can’t be used: kfp-images itself writes which commit an image is of';
  return /^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/.test(name)
    ? undefined
    : 'is not the name of a label; use letters, digits, ".", "_", "-" and "/", for example com.example.team';
}

function wrongAnnotationName(name: string): string | undefined {
  return wrongLabelName(name)?.replace('of a label', 'of an annotation');
}

function wrongNetwork(mode: string): string | undefined {
  return networks.some((each) => each === mode) ? undefined : `${quoted(mode)} is not one of ${networks.join(', ')}`;
}

function wrongHostName(name: string): string | undefined {
  return /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(name) &&
    name.length <= 253
    ? undefined
    : 'is not the name of a host';
}

function wrongAddress(address: string): string | undefined {
  const isFour = /^(\d{1,3}\.){3}\d{1,3}$/.test(address) && address.split('.').every((part) => Number(part) < 256);
  return isFour || (/^[0-9a-fA-F:]{2,39}$/.test(address) && address.includes(':')) || address === 'host-gateway'
    ? undefined
    : `${quoted(address)} is not an IP address (nor host-gateway)`;
}

function wrongSize(size: string): string | undefined {
  return /^[1-9][0-9]{0,15}[bkmgBKMG]?$/.test(size) ? undefined : `${quoted(size)} is not a size, such as 256m`;
}

function wrongUlimit(name: string): string | undefined {
  return /^[a-z]{2,20}$/.test(name) ? undefined : 'is not the name of a limit, such as nofile';
}

function wrongLimit(limit: string): string | undefined {
  return /^(-1|[0-9]{1,18})(:(-1|[0-9]{1,18}))?$/.test(limit)
    ? undefined
    : `${quoted(limit)} is not a limit; write SOFT or SOFT:HARD, for example "1024:4096"`;
}
