import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/system/bounds';
import { serversOfATest, type Reply } from '../support/httpServer';
import { testClient } from '../support/registryClient';

/* What is attached to an image, as a registry lists it: read as far as `bounds.registry`. */

const start = serversOfATest();
const subject = `sha256:${'a'.repeat(64)}`;
const { referrers: most, referrerBytes, referrerPages, manifest } = bounds.registry;

const entries = (page: number, count: number): readonly object[] =>
  Array.from({ length: count }, (_, at) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${String(page).padStart(8, '0')}${String(at).padStart(56, '0')}`,
    size: 7,
  }));

/** A page of an index, filled up with blanks to so many bytes. */
function page(number: number, count: number, isLast: boolean, bytes = 0): Reply {
  const body = JSON.stringify({ schemaVersion: 2, manifests: entries(number, count) });
  const link = `</v2/p/r/referrers/${subject}?page=${String(number + 1)}>; rel="next"`;
  return { status: 200, headers: isLast ? {} : { link }, body: body.padEnd(bytes, ' ') };
}

async function list(answer: (page: number) => Reply) {
  const server = await start(({ path }) => answer(Number(/page=(\d+)/.exec(path)?.[1] ?? 0)));
  const listed = testClient().registry.referrers(`${server.host}/p/r`, subject);
  // Looked at below.
  listed.catch(() => undefined);
  return { listed, server };
}

describe('referrers are read', () => {
  it('in one page with as many as may be', async () => {
    const { listed } = await list(() => page(0, most, true));
    expect(await listed).toHaveLength(most);
  });

  it('in as many pages as may be', async () => {
    const { listed } = await list((number) => page(number, 1, number === referrerPages - 1));
    expect(await listed).toHaveLength(referrerPages);
  });

  it('of as many bytes as may be', async () => {
    const pages = Math.floor(referrerBytes / manifest);
    const { listed } = await list((number) => page(number, 1, number === pages - 1, manifest));
    expect(await listed).toHaveLength(pages);
  });
});

describe('referrers without end are an error:', () => {
  it.each([
    ['entries', (number: number) => page(number, most / 10, false), `more than ${String(most)} entries`, 11],
    ['pages', (number: number) => page(number, 1, false), 'pages without end', referrerPages],
    ['bytes', (number: number) => page(number, 1, false, manifest), 'the answer has more than', 3],
  ] as const)('%s', async (_, answer, words, asked) => {
    const { listed, server } = await list(answer);
    await expect(listed).rejects.toThrow(words);
    expect(server.requests).toHaveLength(asked);
  });
});
