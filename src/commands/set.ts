import { encodeLockFile } from '../publish/lockFile';
import { defineCommand } from './command';
import { findSet } from './releaseSet';
import { registryInputs, setFlags } from './sharedFlags';

export const setCommand = defineCommand({
  name: 'set',
  description: 'Print the lock file of a published release set, from the registry.',
  inputs: [...registryInputs, 'working-directory'],
  flags: { commit: setFlags.commit },
  json: 'the lock file, which is JSON also without this flag',
  examples: [
    'set --registry-path europe-west3-docker.pkg.dev/my-project/kfp > kfp-images.lock.json',
    'set --commit 2.17.0 --registry-path europe-west3-docker.pkg.dev/my-project/kfp',
  ],
  async run({ flags: { commit }, input, session }) {
    const { lock } = await findSet({ flags: { commit }, input, session });
    return { document: lock, text: encodeLockFile(lock) };
  },
});
