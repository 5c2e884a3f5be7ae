import { DeployError, EnvironmentError } from '../../errors';
import { run } from '../../system/exec';
import type { Command } from '../../types';

/** The commands that let Argo CD take over what was pushed, and wait until it runs: https://argo-cd.readthedocs.io/en/stable/user-guide/commands/argocd_app_sync/ */
function argocdCommands(app: string, timeoutSeconds: number): readonly Command[] {
  return [
    { command: 'argocd', args: ['app', 'sync', app, `--timeout=${timeoutSeconds}`] },
    { command: 'argocd', args: ['app', 'wait', app, '--sync', '--health', `--timeout=${timeoutSeconds}`] },
  ];
}

/** Runs them. `absent`: there is no `argocd` here, so that the application syncs by its own policy. Throws DeployError with its words. */
export async function syncApp(app: string, timeoutSeconds: number): Promise<'synced' | 'absent'> {
  for (const command of argocdCommands(app, timeoutSeconds)) {
    try {
      const { exitCode, stdout, stderr } = await run(command);
      if (exitCode === 0) continue;
      const words = (stderr.trim() === '' ? stdout : stderr).trim().slice(-2000).replaceAll('\n', '\n  ');
      throw new DeployError(
        `argocd ${command.args.slice(0, 3).join(' ')} ended with status ${exitCode}:\n  ${words}\nThe commit is pushed.`,
      );
    } catch (thrown) {
      if (thrown instanceof EnvironmentError) return 'absent';
      throw thrown;
    }
  }
  return 'synced';
}
