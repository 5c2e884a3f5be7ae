import { runAction } from './commands/action';

void runAction().then((exitCode) => {
  // What was printed may have failed meanwhile.
  process.exitCode ||= exitCode;
});
