import { planTree } from '../../report/planTree';
import { shellWords } from '../../report/shellWords';
import { defineCommand } from '../command';
import { trigger } from './trigger';

export const triggerCommand = defineCommand({
  name: 'trigger',
  description: 'Commit what is staged as "MESSAGE [keywords]" and push it, so that the workflow builds the images.',
  inputs: [],
  flags: {
    images: {
      kind: 'verbatim',
      value: '<list>',
      required: true,
      description: 'names or groups, comma separated; all: every image',
    },
    'commit-message': {
      kind: 'verbatim',
      value: '<text>',
      description: 'the message without the keywords (default: Trigger image build:)',
    },
    'allow-empty': { kind: 'switch', description: 'commit even when nothing is staged' },
    sync: { kind: 'switch', description: 'first bring the branch up to date with its upstream' },
    watch: { kind: 'switch', description: 'then follow the run that the push starts, to its end' },
    'dry-run': { kind: 'switch', description: 'print the git commands and change nothing' },
  },
  examples: [
    'trigger --images driver --dry-run',
    "trigger --images apiserver,persistenceagent --commit-message 'Retry on conflicts' --watch",
    'trigger --images all --allow-empty --sync',
  ],
  async run({ flags, session, json }) {
    // Asked before anything is committed: a push that can't be watched is not what was wanted.
    const follow = flags.watch && !flags['dry-run'] ? await import('../watch/watch') : undefined;
    const watched = await follow?.watchedRepository(session.cwd, session.env);
    const result = await trigger(
      {
        cwd: session.cwd,
        images: flags.images,
        commitMessage: flags['commit-message'],
        allowEmpty: flags['allow-empty'],
        sync: flags.sync,
        dryRun: flags['dry-run'],
      },
      {
        log: session.log,
        signal: session.signal,
        interactive: process.stdin.isTTY && process.stderr.isTTY && !json,
        showPlan: (plan) => {
          for (const line of planTree(plan, session.paint, 'the commit to come')) session.printer.print(line);
        },
      },
    );
    if (result.kind === 'pushed')
      session.log.info(
        `Pushed ${result.commit?.slice(0, 12) ?? ''} to ${result.remote}/${result.remoteBranch}: ${result.message}`,
      );
    else if (!json) for (const command of result.commands) session.printer.print(shellWords(command));
    if (follow === undefined || watched === undefined || result.commit === undefined) return { document: result };
    const run = await follow.watch({}, watched, result.commit, session);
    return { document: { ...result, watch: run }, exitCode: run.kind === 'success' ? 0 : 1 };
  },
});
