import type { Rollout } from '../../deploy/rollout';
import { rolloutLine } from '../../deploy/format';
import { visible } from '../../report/escape';
import { LiveScreen } from '../../report/liveScreen';
import type { Session } from '../session';

/**
 * Shows rollouts while they go on: on a terminal one line for each Deployment, redrawn in place; elsewhere a line whenever one changes.
 * `end` leaves the last state standing.
 */
export function rolloutProgress(session: Pick<Session, 'printer'>): {
  readonly show: (rollouts: readonly Rollout[]) => void;
  readonly end: () => void;
} {
  const { printer } = session;
  const clean = (rollout: Rollout): string => visible(rolloutLine(rollout).replaceAll(/\s+/g, ' '));
  if (printer instanceof LiveScreen) {
    return {
      show: (rollouts) => {
        const { columns, rows } = printer.frame;
        printer.draw(rollouts.slice(0, rows - 1).map((rollout) => clean(rollout).slice(0, columns)));
      },
      end: () => printer.settle(),
    };
  }
  const said = new Map<string, string>();
  return {
    show: (rollouts) => {
      for (const rollout of rollouts) {
        const line = clean(rollout);
        if (said.get(rollout.deployment) === line) continue;
        said.set(rollout.deployment, line);
        printer.print(line);
      }
    },
    end: () => undefined,
  };
}
