import { createHash } from 'node:crypto';
import type { GoModule } from '../../golang/buildInfo';
import type { FoundBinaries } from './goBinaries';

/** What a document is about. */
interface DocumentAbout {
  /** Of the catalog. */
  readonly image: string;
  readonly repository: string;
  /** Of the image for one platform. */
  readonly digest: string;
  /** RFC 3339: the commit's, so that the same image has the same document. */
  readonly created: string;
  /** Of this package. */
  readonly version: string;
}

/**
 * What Go binaries of an image say that is in them, as an SPDX document: https://spdx.github.io/spdx-spec/v2.3/
 * Licenses are not said: binaries don't know them.
 */
export function spdxDocument(about: DocumentAbout, { binaries, unread }: FoundBinaries): object {
  const { image, repository, digest, created, version } = about;
  const modules = new Map<string, object>();
  const relationships = [relation('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Image')];
  const add = (module: GoModule): string => {
    const id = `SPDXRef-Module-${shortHash(`${module.path}@${module.version} ${module.sum}`)}`;
    modules.set(id, modulePackage(id, module));
    return id;
  };
  const programs = binaries.map(({ path, info }, index) => {
    const id = `SPDXRef-Binary-${index + 1}`;
    relationships.push(relation('SPDXRef-Image', 'CONTAINS', id));
    const toolchain = { path: 'stdlib', version: info.goVersion.replace(/^go/, ''), sum: '' };
    const ids = [...(info.main === undefined ? [] : [info.main]), ...info.modules, toolchain].map(add);
    for (const each of new Set(ids)) relationships.push(relation(id, 'DEPENDS_ON', each));
    return {
      ...entry(id, info.path === '' ? path : info.path),
      packageFileName: path,
      primaryPackagePurpose: 'APPLICATION',
    };
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image,
    documentNamespace: `https://spdx.org/spdxdocs/kfp-images-${image}-${digest.replace(':', '-')}`,
    creationInfo: { created, creators: [`Tool: kfp-images-${version}`] },
    comment: [
      'What the Go binaries of the image say of themselves; packages of a distribution and other languages are not in it.',
      ...unread.map((layer) => `The layer ${layer} is too large and was not read.`),
    ].join(' '),
    packages: [
      {
        ...entry('SPDXRef-Image', repository),
        versionInfo: digest,
        primaryPackagePurpose: 'CONTAINER',
        externalRefs: [purl(imagePurl(repository, digest))],
      },
      ...programs,
      ...modules.values(),
    ],
    relationships,
  };
}

function modulePackage(id: string, { path, version, sum }: GoModule): object {
  // A version that git gave is none that others could look up.
  const isReleased = version !== '' && version !== '(devel)';
  return {
    ...entry(id, path),
    ...(version === '' ? {} : { versionInfo: version }),
    ...(sum === '' ? {} : { sourceInfo: `go.sum ${sum}` }),
    primaryPackagePurpose: 'LIBRARY',
    externalRefs: [purl(`pkg:golang/${pathPurl(path)}${isReleased ? `@${encodeURIComponent(version)}` : ''}`)],
  };
}

function entry(id: string, name: string): object {
  return { SPDXID: id, name, downloadLocation: 'NOASSERTION', filesAnalyzed: false };
}

function relation(from: string, type: string, to: string): object {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}

/** https://github.com/package-url/purl-spec */
function purl(locator: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator };
}

function pathPurl(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function imagePurl(repository: string, digest: string): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return `pkg:oci/${encodeURIComponent(name)}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(repository)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
