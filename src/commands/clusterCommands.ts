import type { Command } from 'commander';
import { addInputFlags } from './flags';

/** Gives the exit status. */
type Handler = (flags: Readonly<Record<string, unknown>>, operands: readonly string[]) => Promise<number>;
/** Makes commander's action of a handler. */
export type Handle = (handler: Handler) => (...given: unknown[]) => Promise<void>;

const repeat = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The commands that work on clusters, GitOps repositories and old sets. */
export function addClusterCommands(top: Command, handle: Handle): void {
  place(whichSet(top.command('deploy').argument('[image...]', 'names; without any, all that the cluster has')))
    .description(
      'Put a release set on a cluster: by digest, checked before, watched, taken back when it does not start.',
    )
    .option('--pull-secret <name>', 'also let the Deployments pull with this secret')
    .option('--timeout <duration>', 'how long a rollout may take: 90s, 10m (default: 10m)')
    .option('--yes', 'do not ask')
    .option('--dry-run [client|server]', 'print the patches; server: let the API server judge them')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags, images) => (await import('./deployCommand')).deployCommand(flags, images)));

  place(top.command('rollback'))
    .description('Back to what ran before the last deploy, the whole set; a second rollback goes forward again.')
    .option('--timeout <duration>', 'how long a rollout may take: 90s, 10m (default: 10m)')
    .option('--yes', 'do not ask')
    .option('--dry-run [client|server]', 'print the patches; server: let the API server judge them')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./rollbackCommand')).rollbackCommand(flags)));

  place(addInputFlags(top.command('status'), ['catalog', 'working-directory']))
    .description('What runs on the cluster: image, digest, commit, age, and where it differs from its set.')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./statusCommand')).statusCommand(flags)));

  addInputFlags(top.command('pull-secret'), ['registry-path'])
    .description('Create or extend the secret with which a cluster pulls; other registries in it stay.')
    .requiredOption('--key <file>', 'service account key; - reads standard input')
    .option('--username <name>', 'for other registries: the user whose password is in the file')
    .option('--name <name>', 'of the secret (default: regcred-gar)')
    .option('--namespace <name>', 'where; may be repeated (default: kubeflow)', repeat)
    .option('--profiles', 'in the namespaces of all Kubeflow profiles')
    .option('--service-account <name>', 'attach it to this service account; may be repeated', repeat)
    .option('--context <name>', 'of kubectl (default: the current one)')
    .option('--dry-run', 'check the key and change nothing')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./pullSecretCommand')).pullSecretCommand(flags)));

  whichSet(top.command('gitops'))
    .description(
      'Write a release set into a GitOps repository: one commit or a merge request; nothing but the images changes.',
    )
    .requiredOption('--file <path>', 'a file of it to write into; may be repeated', repeat)
    .option('--repository <path|url>', 'a clone of it, or its URL (default: this folder)')
    .option('--images <list>', 'names or groups (default: all of the set)', repeat)
    .option('--set <text=image>', 'the text stands for that image; may be repeated', repeat)
    .option('--value <path=image>', 'a Helm value by its path; may be repeated', repeat)
    .option('--branch <name>', 'to push to (default: that of the remote)')
    .option('--remote <name>', 'to push to (default: origin)')
    .option('--merge-request', 'push a branch named after the set, as a merge request where the server can')
    .option('--argocd-app <name>', 'then sync this application of Argo CD and wait')
    .option('--timeout <duration>', 'how long Argo CD may take: 90s, 10m (default: 10m)')
    .option('--dry-run', 'show the difference')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./gitopsCommand')).gitopsCommand(flags)));

  addInputFlags(top.command('prune'), ['registry-path', 'credentials-json'])
    .description('Delete old release sets with their images; whatever is used, tagged by others or in doubt stays.')
    .option('--keep-last <number>', 'this many newest sets stay (default: 10)')
    .option('--keep-days <number>', 'sets of the last days stay (default: 30)')
    .option(
      '--keep-cluster [context...]',
      'what runs on these clusters stays (default: the current context of kubectl)',
    )
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would go')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./pruneCommand')).pruneCommand(flags)));
}

/** The commands that look at, or set up, what the others need. */
export function addSetupCommands(top: Command, handle: Handle): void {
  place(
    addInputFlags(top.command('doctor'), [
      'registry-path',
      'credentials-json',
      'github-token',
      'catalog',
      'working-directory',
    ]),
  )
    .description('Check everything a build, trigger or deploy needs, and say how to mend each thing.')
    .option('--json', 'print one JSON document on standard output')
    .action(handle(async (flags) => (await import('./doctorCommand')).doctorCommand(flags)));

  addInputFlags(top.command('setup-gcp'), ['registry-path'])
    .description("Print the commands that set up Google's side: repository, account, workload identity, secrets.")
    .option('--print', 'print them; nothing is run')
    .option('--repository <owner/name>', 'the fork that may push (default: what origin names)')
    .option('--account <name>', 'of the service account (default: kfp-images-writer)')
    .option('--key', 'with a key instead of workload identity')
    .option('--json', 'print them as one JSON document on standard output')
    .action(handle(async (flags) => (await import('./setupGcpCommand')).setupGcpCommand(flags)));
}

function place(command: Command): Command {
  return command
    .option('--namespace <name>', 'where Kubeflow Pipelines runs (default: kubeflow)')
    .option('--context <name>', 'of kubectl (default: the current one)');
}

function whichSet(command: Command): Command {
  return addInputFlags(command, ['registry-path', 'credentials-json', 'catalog', 'working-directory'])
    .option('--commit <rev>', "the set of this commit (default: the newest one of HEAD's history)")
    .option('--lock <file>', 'the set of a lock file, instead of one in the registry');
}
