import type { BaseConfig } from '../types';
import { expand, expandPartly } from './expand';
import type { Lookup } from './wordLexer';
import { assignments, envAssignments } from './tokens';

/** Variable → value; undefined: not known before the build. */
export type Values = ReadonlyMap<string, string | undefined>;

/** What a build gets from outside: `--build-arg` and the platform it is for. */
export interface GivenVariables {
  /** Undefined value: templated, so it is only known when the image is built. */
  readonly buildArgs: Values;
  /** `linux/arm64/v8`; undefined: any. */
  readonly platform: string | undefined;
}

/** What every stage can use. */
export interface Globals {
  /** ARG before the first FROM, and what the builder declares by itself. */
  readonly globals: Values;
  readonly settings: GivenVariables;
}

/** May a variable that the Dockerfile does not set come from a base image, which isn't looked into? */
export type Foreign = (name: string, hasDefault: boolean) => boolean;

/**
 * Any may; but of one that is declared before the first FROM and used without being declared again, an oversight is far more
 * likely than a base image that sets it, unless it is what base images do set.
 */
export function foreignVariables({ globals, settings }: Globals): Foreign {
  const builders = builderArguments(settings);
  return (name) => !globals.has(name) || builders.has(name) || /VERSION|PATH$/.test(name);
}

/** The variables of one stage, as its instructions change them. */
export class Scope {
  readonly #values: Map<string, string | undefined>;
  /** Those that ENV set, which become part of the image. */
  readonly #env: Map<string, string | undefined>;
  #foreign: Foreign;
  /** Was a variable set whose name is not known? */
  #isOpen: boolean;
  readonly #escape: string;

  /** `env`: of the base image, where a stage starts from one. */
  constructor(parent: Scope | undefined, foreign: Foreign, escape: string, env: BaseConfig['env'] = []) {
    this.#values = new Map(parent === undefined ? env : parent.#values);
    this.#env = new Map(parent === undefined ? env : parent.#env);
    this.#foreign = parent === undefined ? foreign : parent.#foreign;
    this.#isOpen = parent !== undefined && parent.#isOpen;
    this.#escape = escape;
  }

  /** What a stage starts with that starts from this one's end: ARGs too, but ENV has the last word, that of a base image as well. */
  inherited(): Scope {
    const scope = this.frozen();
    for (const name of this.#values.keys()) {
      if (name === 'PATH' || (this.#foreign(name, false) && /VERSION|PATH$/.test(name)))
        scope.#values.set(name, undefined);
    }
    for (const [name, value] of this.#env) scope.#values.set(name, value);
    return scope;
  }

  readonly lookup: Lookup = (name, hasDefault = false) => {
    if (this.#values.has(name)) return this.#values.get(name);
    return name === 'PATH' || this.#foreign(name, hasDefault) ? undefined : null;
  };

  /** What the Dockerfile itself sets; null: nothing. */
  readonly own: Lookup = (name) => (this.#values.has(name) ? this.#values.get(name) : null);

  readonly expand = (word: string): string | undefined => expand(word, this.lookup, this.#escape);

  /** With `unknownPart` for what only the build knows. */
  readonly expandPartly = (word: string): string | undefined => expandPartly(word, this.lookup, this.#escape);

  /** What has become part of the image; undefined: the value of one is only known to the build. */
  environment(): BaseConfig['env'] | undefined {
    const all = [...this.#env].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return all.length === this.#env.size && !this.#isOpen ? all : undefined;
  }

  /** As things are now; what later instructions change does not reach back. */
  frozen(): Scope {
    return new Scope(this, this.#foreign, this.#escape);
  }

  arg(rest: string, { settings, globals }: Globals): readonly (readonly [string, string | undefined])[] {
    return declare(this.#values, rest, settings, this.lookup, this.#escape, globals);
  }

  /** Gives what was set. */
  env(rest: string): readonly (readonly [string, string | undefined])[] {
    // All of one ENV see the values from before it.
    const set = envAssignments(rest, this.#escape).map(
      ({ name, value = '' }) => [this.expand(name), this.expand(value)] as const,
    );
    for (const [name, value] of set) {
      if (name !== undefined) {
        this.#values.set(name, value);
        this.#env.set(name, value);
      } else {
        // Any variable may have changed.
        this.#values.clear();
        this.#foreign = () => true;
        this.#isOpen = true;
      }
    }
    return set.flatMap(([name, value]) => (name === undefined ? [] : [[name, value] as const]));
  }
}

/**
 * ARG: what `--build-arg` says wins over the default written here, that over an ARG before the first FROM; without any of them
 * nothing changes. Each sees those before it. Gives what was set.
 */
export function declare(
  values: Map<string, string | undefined>,
  rest: string,
  settings: GivenVariables,
  lookup: Lookup,
  escape: string,
  globals: Values = new Map(),
): readonly (readonly [string, string | undefined])[] {
  const set: (readonly [string, string | undefined])[] = [];
  for (const { name, value } of assignments(rest, escape)) {
    if (settings.buildArgs.has(name)) set.push([name, settings.buildArgs.get(name)]);
    // The engine's client passes these on by itself.
    else if (/^((HTTPS?|FTP|NO|ALL)_PROXY|SOURCE_DATE_EPOCH)$/i.test(name)) set.push([name, undefined]);
    else if (value !== undefined) set.push([name, expand(value, lookup, escape)]);
    else if (globals.has(name)) set.push([name, globals.get(name)]);
    else continue;
    values.set(...(set.at(-1) ?? ['', undefined]));
  }
  return set;
}

/** What the builder declares by itself. https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export function builderArguments({ platform, buildArgs }: GivenVariables): Values {
  const [os, architecture, variant = ''] = platform?.split('/') ?? [];
  const known: readonly (readonly [string, string | undefined])[] = [
    ...['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((name) => [`BUILD${name}`, undefined] as const),
    ['TARGETPLATFORM', platform],
    ['TARGETOS', os],
    ['TARGETOSVERSION', undefined],
    ['TARGETARCH', architecture],
    ['TARGETVARIANT', platform === undefined ? undefined : variant],
    ['TARGETSTAGE', undefined],
  ];
  return new Map(known.map(([name, value]) => [name, buildArgs.has(name) ? buildArgs.get(name) : value]));
}
