import { availableParallelism } from 'node:os';
import { ExplainedError, message, type ExitCode } from '../errors';
import type { InputName } from '../event/inputs';
import { readInputs } from '../event/readInputs';
import { printedJson, printedText } from '../report/escape';
import type { Secrets } from '../report/secrets';
import type { Inputs } from '../types';
import { camelCase, flagValues, type ParsedOptions } from './inputFlags';
import { terminalSession, type Session } from './session';

/** One flag of a command beside those of the Action's inputs. Its kind decides what the handler gets, see `FlagValue`. */
export interface Flag {
  /**
   * `switch`: given or not. `text`: trimmed, an empty one counts as not given. `verbatim`: text as it was given. `list`: may be repeated,
   * each value also a list with commas. `repeated`: may be repeated, each value as it was given. `optional`: with or without a value.
   * `optional-list`: with any number of values.
   */
  readonly kind: 'switch' | 'text' | 'verbatim' | 'list' | 'repeated' | 'optional' | 'optional-list';
  /** As the help shows it: `<name>`, `[client|server]`; empty for a switch. */
  readonly value?: string;
  readonly required?: boolean;
  readonly description: string;
}

type Flags = Readonly<Record<string, Flag>>;

/** What a handler gets for a flag. */
type FlagValue<F extends Flag> = F extends { readonly kind: 'switch' }
  ? boolean
  : F extends { readonly kind: 'text' | 'verbatim' }
    ? F extends { readonly required: true }
      ? string
      : string | undefined
    : F extends { readonly kind: 'list' | 'repeated' }
      ? readonly string[]
      : F extends { readonly kind: 'optional' }
        ? string | true | undefined
        : true | readonly string[];

type FlagValues<F extends Flags> = { readonly [Name in keyof F]: FlagValue<F[Name]> };

/** What a handler has to work with. */
export interface Call<F extends Flags = Flags, I extends InputName = InputName> {
  readonly flags: FlagValues<F>;
  /** The raw value of an input's flag, of a secret what its file or the environment holds; empty: not given. Throws UsageError. */
  readonly input: (name: I) => string;
  /** All inputs, parsed and defaulted. Throws UsageError. */
  readonly inputs: () => Inputs;
  /** Was the flag of an input given? */
  readonly isGiven: (name: I) => boolean;
  readonly operands: readonly string[];
  readonly session: Session;
  /** Is the one document on standard output wanted, and nothing else there? */
  readonly json: boolean;
}

/** What a command came to. */
export interface Outcome {
  /** 0 when left out. */
  readonly exitCode?: 0 | 1;
  /** What `--json` prints. */
  readonly document?: object | undefined;
  /** What is printed on standard output without `--json`. */
  readonly text?: string | undefined;
  /** Why it failed, said after the document was printed. */
  readonly error?: unknown;
}

/** One command: what it is called, what it takes, what it does. */
interface Definition<F extends Flags, I extends InputName> {
  readonly name: string;
  readonly description: string;
  /** As the help shows them: `[image...]`. */
  readonly operands?: { readonly value: string; readonly description: string; readonly choices?: readonly string[] };
  /** The inputs of the Action that it takes as flags of the same names. */
  readonly inputs: readonly I[];
  readonly flags: F;
  /** What `--json` prints, for the help. */
  readonly json?: string;
  /** Whole command lines for the help, without `kfp-images` before them. */
  readonly examples: readonly [string, ...string[]];
  /** Throws explained errors, which become words and the exit status in one place, `runCli`. */
  readonly run: (call: Call<F, I>) => Promise<Outcome>;
}

/** A command as the command line calls it. */
export interface Command extends Omit<Definition<Flags, InputName>, 'run'> {
  /** `options`: as commander parsed them. Gives the exit status; throws explained errors. */
  readonly execute: (options: ParsedOptions, operands: readonly string[]) => Promise<number>;
}

/** Joins flags, their types and the handler; session, `--json` and `--debug` are seen to here, once for all commands. */
export function defineCommand<const F extends Flags, const I extends InputName>(definition: Definition<F, I>): Command {
  return {
    ...definition,
    async execute(options, operands) {
      const session = terminalSession(options['debug'] === true);
      const json = options['json'] === true;
      const input = flagValues(options, session.env);
      try {
        const outcome = await definition.run({
          flags: valuesOf(definition.flags, options),
          input,
          inputs: () => readInputs(input, { cpus: availableParallelism() }),
          isGiven: (name) => typeof options[camelCase(name)] === 'string',
          operands,
          session,
          json,
        });
        const { secrets } = session;
        if (!json) process.stdout.write(printedText(secrets.redact(outcome.text ?? '')));
        else if (outcome.document !== undefined)
          process.stdout.write(`${printedJson(secrets.redactAll(outcome.document))}\n`);
        return outcome.error === undefined ? (outcome.exitCode ?? 0) : fail(outcome.error, secrets);
      } catch (thrown) {
        return fail(thrown, session.secrets);
      } finally {
        session.close();
      }
    },
  };
}

function valuesOf<F extends Flags>(flags: F, options: ParsedOptions): FlagValues<F> {
  const values = Object.entries(flags).map(([name, flag]) => [name, valueOf(flag, options[camelCase(name)])]);
  return Object.fromEntries(values) as FlagValues<F>;
}

function valueOf({ kind, required }: Flag, given: unknown): string | boolean | readonly string[] | undefined {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  const texts = all.filter((each) => typeof each === 'string');
  switch (kind) {
    case 'switch':
      return given === true;
    case 'text':
      return texts[0]?.trim() === '' && required !== true ? undefined : texts[0]?.trim();
    case 'verbatim':
      return texts[0];
    case 'list':
      return texts.flatMap((each) => each.split(/[,\n]/)).flatMap((each) => each.trim() || []);
    case 'repeated':
      return texts;
    case 'optional':
      return given === true ? true : texts[0];
    case 'optional-list':
      return given === true ? true : texts.flatMap((each) => each.split(',')).flatMap((each) => each.trim() || []);
  }
}

/** Words and exit status for anything that was thrown: what is explained has no stack trace, anything else is a bug of ours and keeps it. */
export function explain(thrown: unknown): { readonly text: string; readonly exitCode: ExitCode } {
  const isExplained = thrown instanceof ExplainedError;
  return {
    text: isExplained || !(thrown instanceof Error) ? message(thrown) : (thrown.stack ?? message(thrown)),
    exitCode: isExplained ? thrown.exitCode : 1,
  };
}

/** Says on standard error what was thrown, made safe and without `secrets`; gives the exit status. */
export function fail(thrown: unknown, secrets?: Secrets): ExitCode {
  const { text, exitCode } = explain(thrown);
  // It may quote a container's log, a hook, kubectl, a registry.
  process.stderr.write(`error: ${printedText(secrets?.redact(text) ?? text)}\n`);
  return exitCode;
}
