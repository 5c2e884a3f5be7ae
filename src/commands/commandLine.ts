import { Command as Parser, CommanderError, Option } from 'commander';
import { useProxyFromEnvironment } from '../system/proxy';
import { fail, type Command, type Flag } from './command';
import { addInputFlags } from './inputFlags';
import { surviveOutput } from './standardOutput';
import { version } from './version';

/** Every command, in the order of the help. Only the one that is called is loaded. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['build', async () => (await import('./build')).buildCommand],
  ['plan', async () => (await import('./plan')).planCommand],
  ['trigger', async () => (await import('./trigger/command')).triggerCommand],
  ['watch', async () => (await import('./watch/command')).watchCommand],
  ['init', async () => (await import('./init/command')).initCommand],
  ['deploy', async () => (await import('./deploy/command')).deployCommand],
  ['rollback', async () => (await import('./rollback')).rollbackCommand],
  ['set', async () => (await import('./set')).setCommand],
  ['verify', async () => (await import('./verify/command')).verifyCommand],
  ['report', async () => (await import('./report/command')).reportCommand],
  ['status', async () => (await import('./status')).statusCommand],
  ['pull-secret', async () => (await import('./pullSecret/command')).pullSecretCommand],
  ['gitops', async () => (await import('./gitops/command')).gitopsCommand],
  ['prune', async () => (await import('./prune/command')).pruneCommand],
  ['doctor', async () => (await import('./doctor/command')).doctorCommand],
  ['setup-gcp', async () => (await import('./setupGcp/command')).setupGcpCommand],
  ['completions', async () => (await import('./completions/command')).completionsCommand(allCommands)],
]);

/** All definitions. */
export function allCommands(): Promise<readonly Command[]> {
  return Promise.all([...commands.values()].map((load) => load()));
}

/**
 * The command line. Gives the exit status (0 done, 1 failed, 2 wrong usage or configuration, 130 and 143 interrupted); never throws:
 * this is the one place that turns what was thrown into words on standard error.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  useProxyFromEnvironment();
  surviveOutput();
  let exitCode = 0;
  try {
    const load = commands.get(argv.find((word) => !word.startsWith('-')) ?? '');
    const loaded = load === undefined ? await allCommands() : [await load()];
    await parserOf(loaded, (status) => (exitCode = status)).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    return fail(thrown);
  }
}

function parserOf(loaded: readonly Command[], ended: (exitCode: number) => void): Parser {
  const top = new Parser('kfp-images')
    .description('Builds, binds and publishes the images of a Kubeflow Pipelines fork.')
    .version(version)
    .addOption(new Option('--debug', 'also print debug output'))
    .showHelpAfterError('(see --help)')
    .exitOverride();
  // Settings are inherited by the commands made from here on.
  // Defaults are part of the descriptions; commander would add `(preset: "true")` to those that may come without a value.
  top.configureHelp({ showGlobalOptions: true, optionDescription: ({ description }) => description });
  for (const command of loaded) {
    const parser = top.command(command.name).description(command.description);
    if (command.operands !== undefined) parser.argument(command.operands.value, command.operands.description);
    addInputFlags(parser, command.inputs);
    for (const [name, flag] of Object.entries(command.flags)) parser.addOption(optionOf(name, flag));
    parser.option('--json', command.json ?? 'print one JSON document on standard output');
    const examples = command.examples.map((line) => `  $ kfp-images ${line}\n`).join('');
    parser.addHelpText('after', `\nExamples:\n${examples.trimEnd()}`);
    parser.action(async () => ended(await command.execute(parser.optsWithGlobals(), parser.args)));
  }
  return top;
}

function optionOf(name: string, { kind, value, required, description }: Flag): Option {
  const option = new Option(value === undefined ? `--${name}` : `--${name} ${value}`, description);
  if (required === true) option.makeOptionMandatory();
  if (kind === 'list' || kind === 'repeated')
    option.argParser((each: string, before: readonly string[] | undefined) => [...(before ?? []), each]);
  return option;
}
