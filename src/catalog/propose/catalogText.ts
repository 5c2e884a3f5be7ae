import type { CatalogImage } from '../../types';
import type { Proposal } from './propose';

/** A proposal as the text of a catalog file, with what was left out as comments. */
export async function catalogText(proposal: Proposal): Promise<string> {
  const { stringify } = await import('yaml');
  const { images, groups, leftOut, notes } = proposal;
  const body = {
    version: 1,
    images: Object.fromEntries(images.map((image) => [image.name, fields(image)])),
    ...(groups.size === 0 ? {} : { groups: Object.fromEntries(groups) }),
  };
  const comments = [
    'The images that kfp-images init found here. Each name is a keyword of a commit message: [name]. It is a proposal: take out what',
    'you do not build, correct what is guessed wrong. `kfp-images plan --images all --catalog kfp-images.yaml` shows what comes of it.',
    ...notes,
    ...(leftOut.length === 0 ? [] : ['Left out:', ...leftOut.map(({ path, why }) => `  ${printable(path)} (${why})`)]),
  ];
  return `${comments.map((line) => `# ${line}\n`).join('')}${stringify(body, { lineWidth: 120, aliasDuplicateObjects: false })}`;
}

/** What is not the default, in the order of the documentation. */
function fields(image: CatalogImage): Readonly<Record<string, unknown>> {
  const { dockerfile, context, inputs, cacheMounts, buildArgs, bind, deploy } = image;
  const some = (name: string, value: object): object => (Object.keys(value).length === 0 ? {} : { [name]: value });
  return {
    dockerfile,
    ...(context === '.' ? {} : { context }),
    ...(inputs.kind === 'go'
      ? { inputs: { go: inputs.mainPackage, ...(inputs.paths.length === 0 ? {} : { paths: inputs.paths }) } }
      : {}),
    ...some('cacheMounts', cacheMounts),
    ...some('buildArgs', buildArgs),
    ...some('bind', bind),
    ...(deploy === undefined ? {} : { deploy }),
  };
}

/** A file's name may hold anything but a zero byte: it must not end the comment. */
function printable(path: string): string {
  return path.replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, '?');
}
