#!/usr/bin/env node
import './commands/requireNode';
import { runCli } from './commands/commandLine';
import { endIfStopped } from './commands/session';

void runCli(process.argv.slice(2)).then((exitCode) => {
  // What was printed may have failed meanwhile.
  process.exitCode ||= exitCode;
  endIfStopped(exitCode);
});
