// The notices of what a bundle holds, as text: each package with its version, its licence and the texts that its authors ask to be kept.
// The packages are those of which esbuild finds code in the entry; ncc's own `--license` leaves out what webpack joins with other modules.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** What the bundles do without. */
export const leftOut = [
  // minipass-fetch, below @sigstore/sign, takes it where it is there, to read pages in old character sets: half a megabyte.
  'iconv-lite',
  // fetch-blob, below google-auth-library, takes it where Node has no streams of the web; every Node that is supported has them.
  'web-streams-polyfill/dist/ponyfill.es2018.js',
];

export async function licensesOf(top, entry) {
  const { metafile } = await build({
    absWorkingDir: top,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    outdir: 'none',
    splitting: false,
    external: leftOut,
    logLevel: 'error',
  });
  const folders = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  const notices = new Map();
  for (const folder of folders) {
    const { name, version, license, author } = JSON.parse(readFileSync(resolve(top, folder, 'package.json'), 'utf8'));
    const files = readdirSync(resolve(top, folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
    const texts = files.sort().map((file) =>
      readFileSync(join(top, folder, file), 'utf8')
        .replaceAll('\r\n', '\n')
        .trim(),
    );
    const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
    if (texts.length === 0) texts.push(`Copyright ${by}. ${withoutText(top, license)}`);
    notices.set(`${name} ${version}`, `${name} ${version}\nLicence: ${license}\n\n${texts.join('\n\n')}\n`);
  }
  if (notices.size === 0) return 'No package of others is in this bundle.\n';
  const sorted = [...notices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return sorted.join(`\n${'-'.repeat(80)}\n\n`);
}

/** The Apache License is one text for everybody, so another package's will do; of others the package itself says no more. */
function withoutText(top, license) {
  if (license !== 'Apache-2.0') return 'The package has no text of its licence.';
  return `\n\n${readFileSync(join(top, 'node_modules/google-gax/LICENSE'), 'utf8').trim()}`;
}
