import { runAction } from './commands/action';

void runAction().then((exitCode) => {
  process.exitCode = exitCode;
});
