import { folderOf } from './repositoryFiles';

/** A Dockerfile that is not an image of this repository's product, and why it is taken for that. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** Folders whose Dockerfiles build tools, tests and samples. */
const besideTheProduct =
  /^(?:tests?|e2e|testing|testdata|test[_-].*|examples?|samples?|docs?|hack|tools?|ci|vendor|third_party|node_modules|release|contrib|proposals|conformance|benchmarks?|gen[-_].*|\..+)$/i;

const architectures = /^(?:amd64|arm64|aarch64|ppc64le|s390x|riscv64|x86_64)$/i;
/** Words in a Dockerfile's name that say for what it is a variant. */
const variants = /^(?:konflux|rhtap|rhoai|odh|ubi\d?|prod|production)$/i;
const notProduct = /^(?:tests?|e2e|dev|debug|conformance|release|lint|ci|gen|docs?)$/i;

/** Folder names that say nothing about the image. */
const general = /^(?:v\d\w*|docker|dockerfiles?|containers?|build|images?|packages?|cmd|deploy|src|app|backend)$/i;

/** Is this the name of a Dockerfile? `Dockerfile`, `Dockerfile.x`, `x.Dockerfile`, and the same with Containerfile. */
export function isDockerfile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\.(?:dockerignore|md|tmpl|tpl|j2|in|orig|bak)$/i.test(name)) return false;
  return (
    /^(?:Docker|Container)file(?:[.-][\w.-]+)?$/.test(name) || /^[\w.-]+\.(?:Docker|docker|Container)file$/.test(name)
  );
}

/** The words in a Dockerfile's own name: `Dockerfile.konflux.driver` has konflux and driver. */
function wordsOf(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name
    .replace(/(?:Docker|docker|Container)file/, '')
    .split(/[.]/)
    .map((word) => word.replace(/^-|-$/g, ''))
    .filter((word) => word !== '');
}

/** Why a Dockerfile is left out; undefined: it may be an image. */
export function whyLeftOut(path: string): string | undefined {
  const folder = folderOf(path)
    .split('/')
    .find((part) => besideTheProduct.test(part));
  if (folder !== undefined) return `is in ${folder}/`;
  for (const word of wordsOf(path)) {
    if (architectures.test(word)) return `is a variant for ${word}`;
    if (notProduct.test(word)) return `is for ${word}, by its name`;
  }
  return undefined;
}

/** The path that a variant is beside: of `Dockerfile.konflux.driver` it is `Dockerfile.driver`. The path itself where it is none. */
export function plainPath(path: string): string {
  const at = path.lastIndexOf('/') + 1;
  const parts = path.slice(at).split('.');
  return path.slice(0, at) + parts.filter((part) => !variants.test(part)).join('.');
}

/**
 * Names for images, in the order in which to try them: by the Dockerfile's name, else the folder's, then with the folders above in front.
 * `fallback`: for a Dockerfile at the repository's top.
 */
export function namesOf(path: string, fallback: string): readonly string[] {
  const own = wordsOf(plainPath(path));
  const folders = folderOf(path)
    .split('/')
    .filter((part) => part !== '');
  const parts = [...folders.filter((part) => !general.test(part)), ...own];
  if (parts.length === 0) return [asName(fallback)];
  const short = parts.map((_, index) => parts.slice(parts.length - 1 - index).join('-'));
  return [...new Set([...short, [...folders, ...own].join('-')].map(asName))].filter((name) => name !== '');
}

/** A text as a name of the catalog: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
function asName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100);
  return name === 'all' || name === 'backend-all' || ['kfp-images-set', 'kfp-images-cache'].includes(name)
    ? `${name}-image`
    : name;
}
