import { createRepository, type TestRepository } from './fork';

/** Images of the fork below: the last binds the others. */
export const matrixImages = ['driver', 'launcher', 'persistenceagent', 'apiserver'] as const;

/** The files of a small fork whose images build for any platform without emulation: nothing runs in them. */
export function matrixFiles(content: string): Readonly<Record<string, string>> {
  const dockerfiles = matrixImages.flatMap((name): readonly (readonly [string, string])[] => [
    [`${name}/Dockerfile`, `FROM scratch\nCOPY ${name}/content /content\n`],
    [`${name}/content`, `${name} ${content}\n`],
  ]);
  const catalog = [
    'version: 1',
    'images:',
    ...matrixImages.map((name) =>
      name === 'apiserver'
        ? '  apiserver: { dockerfile: apiserver/Dockerfile, bind: { V2_DRIVER_IMAGE: driver, V2_LAUNCHER_IMAGE: launcher } }'
        : `  ${name}: { dockerfile: ${name}/Dockerfile }`,
    ),
    '',
  ];
  return { ...(Object.fromEntries(dockerfiles) as Record<string, string>), 'kfp-images.yaml': catalog.join('\n') };
}

/** The fork, with one commit. */
export async function createMatrixFork(): Promise<TestRepository> {
  const fork = await createRepository();
  await fork.commit('Begin [backend-all]', matrixFiles('1'));
  return fork;
}
