import { serve, type Received, type Reply, type TestServer } from '../httpServer';
import { google, json } from './identity';
import type { FakeWorld } from './world';

/*
 * A FAKE of Artifact Analysis over REST: projects.occurrences.list with the filters that its guide shows, in pages, for who may list
 * occurrences. https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences/list
 */

/** What a scan of one image came to. */
export interface FakeScan {
  /** https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences#analysisstatus */
  readonly status: string;
  /** One for each finding. */
  readonly severities: readonly string[];
}

export interface FakeContainerAnalysis {
  readonly server: TestServer;
  /** For `endpoint` of the options. */
  readonly endpoint: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

export const listRight = 'containeranalysis.occurrences.list';

/** `scanOf`: of the image with this URL (`https://host/path@digest`); undefined: it was never looked at. */
export async function startFakeContainerAnalysis(
  world: FakeWorld,
  scanOf: (url: string) => FakeScan | undefined,
): Promise<FakeContainerAnalysis> {
  const server = await serve((request) => answer(world, scanOf, request));
  const [host = '', port = ''] = server.host.split(':');
  return { server, endpoint: { host, port: Number(port) }, close: () => server.close() };
}

function answer(world: FakeWorld, scanOf: (url: string) => FakeScan | undefined, request: Received): Reply {
  const { pathname, searchParams: query } = new URL(request.path, 'http://x');
  const account = world.accountOf((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (account === undefined) return google(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
  if (pathname !== `/v1/projects/${world.project}/occurrences`) return google(404, 'NOT_FOUND', 'not found');
  if (!world.may(account, listRight))
    return google(
      403,
      'PERMISSION_DENIED',
      `permission denied on resource '//cloudresourcemanager.googleapis.com/${pathname}'`,
    );
  const filter = /^kind="(DISCOVERY|VULNERABILITY)" AND resourceUrl="([^"]+)"$/.exec(query.get('filter') ?? '');
  if (filter === null) return google(400, 'INVALID_ARGUMENT', 'invalid filter');
  const [, kind, url = ''] = filter;
  const scan = scanOf(url);
  const all =
    scan === undefined
      ? []
      : kind === 'DISCOVERY'
        ? [{ discovery: { analysisStatus: scan.status } }]
        : scan.severities.map((effectiveSeverity) => ({ vulnerability: { effectiveSeverity } }));
  const size = Math.min(1000, Number(query.get('pageSize') ?? 20));
  const from = Number(query.get('pageToken') ?? 0);
  const next = from + size < all.length ? { nextPageToken: String(from + size) } : {};
  // Without any there is no such field.
  return json(200, all.length === 0 ? {} : { occurrences: all.slice(from, from + size), ...next });
}
