import { runAction } from './commands/action';
import { endIfStopped } from './commands/session';

void runAction().then((exitCode) => {
  // What was printed may have failed meanwhile.
  process.exitCode ||= exitCode;
  endIfStopped(exitCode);
});
