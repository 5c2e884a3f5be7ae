import { defineCommand } from '../command';
import { quoted } from '../../system/quoted';
import { paths } from './decide';
import { init } from './init';

export const initCommand = defineCommand({
  name: 'init',
  description: 'Install the workflow, a Makefile and a catalog into a fork.',
  inputs: [],
  flags: {
    force: { kind: 'switch', description: 'also overwrite files that were changed' },
    from: {
      kind: 'verbatim',
      value: '<owner/repository@revision>',
      description:
        'whose workflow is called (default: where this package came from, else the kfp-images of the fork’s owner)',
    },
    'dry-run': { kind: 'switch', description: 'say what would be written' },
  },
  examples: ['init --dry-run', 'init --from OWNER/kfp-images@v0.1.0'],
  async run({ flags: { force, from, 'dry-run': dryRun }, session }) {
    const result = await init({ cwd: session.cwd, force, dryRun, from, env: session.env });
    for (const { path, action } of result.files) session.log.info(`${action.padEnd(10)} ${path}`);
    const leftOutOf =
      result.images.length === 0 ? 'Dockerfiles that were found and left out:' : `Left out of ${paths.catalog}:`;
    if (result.leftOut.length > 0) session.log.info(leftOutOf);
    for (const { path, why } of result.leftOut) session.log.info(`  ${quoted(path, 200)} ${why}`);
    if (result.todo.length > 0) session.log.info('What is left to do, in this order:');
    for (const [index, step] of result.todo.entries()) session.log.info(`${index + 1}. ${step}`);
    if (result.dryRun) session.log.info('Nothing was written (--dry-run).');
    return { document: result };
  },
});
