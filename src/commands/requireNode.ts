import { writeSync } from 'node:fs';

/*
 * Imported before everything else: on an older Node.js the command would only fail once it comes to what that one lacks, in the middle of a run.
 * npm warns about `engines` and installs all the same: https://docs.npmjs.com/cli/configuring-npm/package-json#engines
 */

const needed = 24;
const { node } = process.versions;

if (Number(node.split('.')[0]) < needed) {
  writeSync(
    process.stderr.fd,
    `error: kfp-images needs Node.js ${needed} or newer, and ${process.execPath} is ${node}. ` +
      'Install a newer one (https://nodejs.org/en/download) or, for one command, put it in front of PATH.\n',
  );
  process.exit(2);
}
