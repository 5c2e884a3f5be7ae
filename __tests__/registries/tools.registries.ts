import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { provenanceType, spdxType } from '../../src/publish/attest/statement';
import { keylessSigner } from '../../src/sigstore/keyless';
import { run, type Finished } from '../../src/system/exec';
import { tempDir, type TempDir } from '../support/engine';
import { testClient } from '../support/registryClient';
import { startSigstore, type SigstoreServices } from '../support/sigstoreServices';
import { attestedSet } from './attested';
import { makes, type AttachingRegistry } from './makes';

/*
 * What we attach and sign with the identity of a job is listed by oras and verified by cosign and gh, by the very commands that docs/provenance.md
 * shows: by the fallback tag, and by a registry that lists referrers itself. script/registries has the tools. The services are Sigstore's own fakes.
 */

const workflow = 'dana/pipelines/.github/workflows/images.yml@refs/heads/main';
const reusable = 'kfp-images/kfp-images/.github/workflows/build-backend-images.yaml@refs/tags/v1';
const { KFP_IMAGES_ORAS: oras = '', KFP_IMAGES_GH: gh = '', KFP_IMAGES_COSIGN: cosign = '' } = process.env;

/** Who signs, and what then stands for STEPS in docs/provenance.md. */
const jobs = [
  { name: 'a job with its own steps', job: { workflow }, steps: workflow },
  {
    name: 'a job whose steps are in a workflow of another repository',
    job: { workflow, called: reusable },
    steps: reusable,
  },
];

const tools: readonly (readonly [string, string, string])[] = [
  ['cosign', cosign, '--trusted-root'],
  ['gh', gh, '--custom-trusted-root'],
];
/** Those that are there, each with the flag by which it gets a root of trust. */
const verifiers = tools.filter(([, program]) => program !== '');

describe.each(makes)('%s', (_, start) => {
  let [server, folder]: [AttachingRegistry | undefined, TempDir | undefined] = [undefined, undefined];

  beforeAll(async () => {
    [server, folder] = await Promise.all([start(), tempDir()]);
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), folder?.remove()]);
  });

  const call = (command: string, args: readonly string[]): Promise<Finished> =>
    run({
      command,
      args,
      cwd: folder?.path ?? '.',
      env: {
        GH_TOKEN: 'none',
        GH_CONFIG_DIR: folder?.path ?? '',
        GH_NO_UPDATE_NOTIFIER: '1',
        SIGSTORE_NO_CACHE: 'true',
      },
    });

  /** The root of these services, in a file that both tools take. */
  const rootOf = async (sigstore: SigstoreServices, name: string): Promise<string> => {
    const file = join(folder?.path ?? '', name);
    await writeFile(file, `${sigstore.trustedRoot.replaceAll('\n', '')}\n`);
    return file;
  };

  describe.each(jobs)('signed by $name', ({ job, steps }) => {
    let [image, set, root] = ['', '', ''];

    beforeAll(async () => {
      await using sigstore = await startSigstore(job);
      for (const [name, value] of Object.entries({ ...sigstore.env, GITHUB_WORKFLOW_REF: workflow }))
        vi.stubEnv(name, value);
      root = await rootOf(sigstore, 'root.jsonl');
      const at = `${server?.path ?? ''}/${steps === workflow ? 'own' : 'called'}`;
      const attested = await attestedSet(
        testClient().registry,
        at,
        [keylessSigner(process.env)],
        `https://github.com/${workflow}`,
      );
      [image, set] = [attested.image, attested.set];
      vi.unstubAllEnvs();
    });

    it.skipIf(oras === '')('oras lists what is attached to image and set', async () => {
      for (const [reference, types] of [
        [image, [provenanceType, spdxType]],
        [set, [provenanceType]],
      ] as const) {
        const listed = await call(oras, ['discover', '--plain-http', '--format', 'json', reference]);
        expect(listed.exitCode, listed.stderr).toBe(0);
        const { referrers } = JSON.parse(listed.stdout) as {
          readonly referrers: readonly {
            readonly artifactType: string;
            readonly annotations: Readonly<Record<string, string>>;
          }[];
        };
        expect(referrers.map(({ annotations }) => annotations['dev.sigstore.bundle.predicateType']).sort()).toEqual(
          [...types].sort(),
        );
      }
    });

    it.each(verifiers)(
      '%s verifies it by the command that is shown, and refuses what it should',
      async (tool, program, rootFlag) => {
        const page = await readFile('docs/provenance.md', 'utf8');
        const shown = page.split('\n').filter((line) => line.startsWith(`${tool} `) && line.includes('STEPS'));
        expect(shown).toHaveLength(1);
        const [, ...words] = (shown[0] ?? '')
          .replace('OWNER/REPO', 'dana/pipelines')
          .replace('STEPS', steps)
          .split(' ');
        const verify = (
          reference: string,
          change: (word: string) => string = (word) => word,
          by = root,
        ): Promise<Finished> =>
          call(program, [...words.map((word) => change(word).replace('IMAGE@DIGEST', reference)), rootFlag, by]);
        for (const reference of [image, set]) {
          const verified = await verify(reference);
          expect(verified.exitCode, verified.stderr).toBe(0);
        }
        for (const [from, to] of [
          ['dana/pipelines', 'mallory/pipelines'],
          ['refs/heads/main', 'refs/heads/other'],
          [steps, `${steps}x`],
        ] as const) {
          const refused = await verify(image, (word) => (word.endsWith(from) ? word.replace(from, to) : word));
          expect(refused.exitCode, `${to}: ${refused.stdout}`).not.toBe(0);
        }
        await using stranger = await startSigstore(job);
        expect((await verify(image, undefined, await rootOf(stranger, 'other.jsonl'))).exitCode).not.toBe(0);
      },
    );
  });
});
