import { basename } from 'node:path';
import { prepareDockerfile, type PreparedDockerfile } from '../build/prepare';
import { expandTemplate } from '../system/template';
import { readFilesAt } from './committedFiles';
import type { Work } from './context';
import { templateValues } from './templateValues';

/** Decides, from git alone, which Dockerfile each build gets: the repository's own, or one with the cache mounts of its image. */
export async function prepareDockerfiles(work: Work): Promise<ReadonlyMap<string, PreparedDockerfile>> {
  const { source, decision, request } = work;
  const images = decision.plan.images
    .filter(({ action }) => action === 'build')
    .flatMap(({ name }) => source.catalog.images.get(name) ?? []);
  const texts = await readFilesAt(
    source.tree,
    images.map(({ dockerfile }) => dockerfile),
  );
  const values = templateValues(work);
  const repository = request.event.repository;
  // Forks of one repository on the same engine share what they compile; strangers don't.
  const namespace = repository === undefined ? basename(source.top) : `${repository.owner}/${repository.name}`;
  return new Map(
    images.map((image) => {
      const buildArgs = Object.entries(image.buildArgs).map(([name, value]) => [name, expandTemplate(value, values)]);
      const text = texts.get(image.dockerfile) ?? '';
      return [
        image.name,
        prepareDockerfile(image, text, Object.fromEntries(buildArgs) as Record<string, string>, namespace),
      ];
    }),
  );
}
