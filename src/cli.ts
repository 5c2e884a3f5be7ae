#!/usr/bin/env node
import { runCli } from './commands/commandLine';

void runCli(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
