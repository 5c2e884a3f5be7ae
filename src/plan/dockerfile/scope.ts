import { expand, type Lookup } from './expand';
import { declare, type BuildSettings } from './stages';
import { envAssignments } from './words';

/** The variables of one stage, as its instructions change them. Undefined value: known to the build only. */
export class Scope {
  readonly #values: Map<string, string | undefined>;
  /** Set by ENV, which wins over ARG: https://docs.docker.com/reference/dockerfile/#using-arg-variables */
  readonly #fixed: Set<string>;
  /** Do undeclared variables come from a base image that isn't looked into? */
  readonly #foreign: boolean;

  /** A stage starts with what its parent stage ended with. */
  constructor(parent: Scope | undefined, foreign: boolean) {
    this.#values = new Map(parent === undefined ? [] : parent.#values);
    this.#fixed = new Set(parent === undefined ? [] : parent.#fixed);
    this.#foreign = parent === undefined ? foreign : parent.#foreign;
  }

  readonly lookup: Lookup = (name) =>
    this.#values.has(name) ? this.#values.get(name) : this.#foreign ? undefined : '';

  /** As things stand now; what later instructions change does not reach back. */
  frozen(): Lookup {
    return new Scope(this, this.#foreign).lookup;
  }

  arg(rest: string, settings: BuildSettings, globals: ReadonlyMap<string, string | undefined>): void {
    const declared = new Map<string, string | undefined>();
    declare(declared, rest, settings, this.lookup, globals);
    for (const [name, value] of declared) if (!this.#fixed.has(name)) this.#values.set(name, value);
  }

  /** Gives what was set. */
  env(rest: string): readonly (readonly [string, string | undefined])[] {
    // All of one ENV see the values from before it.
    const set = envAssignments(rest).map(
      ({ name, value }) => [name, value === undefined ? undefined : expand(value, this.lookup)] as const,
    );
    for (const [name, value] of set) {
      this.#values.set(name, value);
      this.#fixed.add(name);
    }
    return set;
  }
}
