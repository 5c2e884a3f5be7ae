import { Command, CommanderError, Option } from 'commander';
import { ExplainedError, message } from '../errors';
import { useProxyFromEnvironment } from '../system/proxy';
import { addClusterCommands, addSetupCommands } from './clusterCommands';
import { addInputFlags } from './flags';
import { version } from './version';

/** Flags of one command as commander parsed them. */
export type Flags = Readonly<Record<string, unknown>>;

/** Gives the exit status. */
type Handler = (flags: Flags, operands: readonly string[]) => Promise<number>;

/**
 * The command line: which commands there are and what they take. What they do is in one file each, loaded when it is called.
 * Gives the exit status (0 done, 1 failed, 2 wrong usage or configuration, 130 and 143 interrupted); never throws.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  useProxyFromEnvironment();
  let exitCode = 0;
  const handle =
    (handler: Handler) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      exitCode = await handler(command.optsWithGlobals(), command.args);
    };
  try {
    await program(handle).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    return explain(thrown);
  }
}

/** Words for something that was thrown, on standard error: explained ones without a stack trace. Gives the exit status. */
export function explain(thrown: unknown): number {
  const explained = thrown instanceof ExplainedError;
  const text = explained || !(thrown instanceof Error) ? message(thrown) : (thrown.stack ?? message(thrown));
  process.stderr.write(`error: ${text}\n`);
  return explained ? thrown.exitCode : 1;
}

function program(handle: (handler: Handler) => (...given: unknown[]) => Promise<void>): Command {
  const top = new Command('kfp-images')
    .description('Builds, binds and publishes the images of a Kubeflow Pipelines fork.')
    .version(version)
    .addOption(new Option('--debug', 'also say what is tried'))
    .showHelpAfterError('(--help lists what there is)')
    .exitOverride();
  // Settings are inherited by the commands made from here on.
  top.configureHelp({ showGlobalOptions: true });

  addInputFlags(top.command('build'))
    .description("Build the images and publish them as one set: the Action's job on this machine.")
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./build')).buildCommand(flags)));

  addInputFlags(top.command('plan'), [
    'registry-path',
    'credentials-json',
    'images',
    'catalog',
    'working-directory',
    'context',
    'rebuild',
    'platforms',
  ])
    .description('What would be built, and why. Without --registry-path and --since everything asked for is.')
    .option('--message <text>', 'the text searched for keywords (default: that of HEAD)')
    .option('--since <rev>', 'which images differ from that commit; asks no registry')
    .option('--explain', 'also every line of each content key')
    .option('--json', 'print the plan as one JSON document on standard output')
    .action(handle(async (flags) => (await import('./plan')).planCommand(flags)));

  top
    .command('trigger')
    .description('Commit what is staged as "MESSAGE [keywords]" and push it, so that the workflow builds the images.')
    .requiredOption('--images <list>', 'names or groups, comma separated; all: every image')
    .option('--commit-message <text>', 'the message without the keywords (default: Trigger image build:)')
    .option('--allow-empty', 'commit even when nothing is staged')
    .option('--sync', 'first bring the branch up to date with its upstream')
    .option('--watch', 'then follow the run that the push starts, to its end')
    .option('--dry-run', 'print the git commands and change nothing')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./triggerCommand')).triggerCommand(flags)));

  addInputFlags(top.command('watch'), ['working-directory', 'github-token'])
    .description('Follow the run that a push started, to its end; the exit status is 0 only when it ended well.')
    .option('--commit <rev>', 'that was pushed (default: HEAD)')
    .option('--workflow <file|name>', 'of another workflow (default: build-backend-images.yaml, or what calls it)')
    .option('--appear <duration>', 'how long the run may take to appear: 90s, 10m (default: 2m)')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./watchCommand')).watchCommand(flags)));

  top
    .command('init')
    .description('Install the workflow, a Makefile and an example catalog into a fork.')
    .option('--force', 'also overwrite files that were changed')
    .option('--from <owner/repository@revision>', 'whose workflow is called (default: where this package came from)')
    .option('--dry-run', 'say what would be written')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./initCommand')).initCommand(flags)));

  addClusterCommands(top, handle);
  addSetupCommands(top, handle);
  return top;
}
