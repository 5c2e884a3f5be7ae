import { RegistryError } from '../../errors';
import type { ApiEndpoint } from '../emulator';
import type { GoogleRegistryPath } from '../registryPath';
import { exchange } from '../../oci/exchange';
import { refusal } from '../../oci/failure';
import { defaultLimits } from '../../oci/limits';
import { field, parseJson } from '../../system/json';

/** What Artifact Analysis knows of one image by now. */
export interface ImageScan {
  readonly repository: string;
  readonly digest: string;
  /** Severity → number of findings, worst first; `not-ready`: it has not been looked through yet. */
  readonly findings: readonly (readonly [severity: string, count: number])[] | 'not-ready';
}

/** How Artifact Analysis is asked. */
interface ScanOptions {
  /** Where it answers, when it is not Google. */
  readonly endpoint?: ApiEndpoint;
  /** Milliseconds for one answer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** https://cloud.google.com/artifact-analysis/docs/severity-levels , worst first. */
const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'MINIMAL'];

/** Findings beyond this number of pages (of a thousand) are not counted: the console has them all. */
const mostPages = 5;

/**
 * Asks once what the scans of images found, and waits for none. An image that is not scanned (its kind is not supported, the scan failed)
 * is left out. Throws RegistryError where the API is off, the right (roles/containeranalysis.occurrences.viewer) is missing or nobody
 * answers. https://cloud.google.com/artifact-analysis/docs/investigate-vulnerabilities
 */
export async function scansOf(
  path: GoogleRegistryPath,
  token: string,
  images: readonly { readonly repository: string; readonly digest: string }[],
  options: ScanOptions = {},
): Promise<readonly ImageScan[]> {
  const list = lister(path.project, token, options);
  const scans = await Promise.all(
    images.map(async ({ repository, digest }): Promise<readonly ImageScan[]> => {
      const of = (kind: string): string => `kind="${kind}" AND resourceUrl="https://${repository}@${digest}"`;
      const states = await list(of('DISCOVERY'), 'discovery.analysisStatus', 'analysisStatus');
      // https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences#analysisstatus
      const isDone = states.some((state) => state === 'FINISHED_SUCCESS' || state === 'COMPLETE');
      if (!isDone && states.some((state) => state.startsWith('FINISHED'))) return [];
      if (!isDone) return [{ repository, digest, findings: 'not-ready' }];
      const found = await list(of('VULNERABILITY'), 'vulnerability.effectiveSeverity', 'effectiveSeverity');
      return [{ repository, digest, findings: counted(found) }];
    }),
  );
  return scans.flat();
}

/** Gives one field of every occurrence that a filter finds; only that field is asked for, as each occurrence is long. */
function lister(
  project: string,
  token: string,
  { endpoint, timeoutMs = 10_000, signal }: ScanOptions,
): (filter: string, fields: string, field: string) => Promise<readonly string[]> {
  const base =
    endpoint === undefined ? 'https://containeranalysis.googleapis.com' : `http://${endpoint.host}:${endpoint.port}`;
  const limits = { ...defaultLimits, exchangeMs: timeoutMs, stallMs: timeoutMs, redirects: 0 };
  const task = { action: 'asking for scan results', host: new URL(base).host, repository: '' };
  return async (filter, fields, field) => {
    const found: string[] = [];
    let page = '';
    for (let pages = 0; pages < mostPages; pages += 1) {
      const url = new URL(`/v1/projects/${encodeURIComponent(project)}/occurrences`, base);
      url.searchParams.set('filter', filter);
      url.searchParams.set('pageSize', '1000');
      url.searchParams.set('fields', `occurrences.${fields},nextPageToken`);
      if (page !== '') url.searchParams.set('pageToken', page);
      const request = { method: 'GET', url, authorization: `Bearer ${token}`, maxBytes: limits.tokenBytes } as const;
      const answer = await exchange(task, request, limits, signal);
      if (answer.status !== 200) throw refusal(task, answer, [token]);
      const { values, next } = read(answer.body, fields.split('.')[0] ?? '', field);
      found.push(...values);
      if (next === '') break;
      page = next;
    }
    return found;
  };
}

function read(
  body: Uint8Array,
  part: string,
  name: string,
): { readonly values: readonly string[]; readonly next: string } {
  const json = parseJson(body);
  if (json === undefined) throw new RegistryError('The scan results are not JSON.');
  const occurrences = field(json, 'occurrences');
  const values = (Array.isArray(occurrences) ? occurrences : []).map((each) => field(field(each, part), name));
  const next = field(json, 'nextPageToken');
  return {
    values: values.filter((value): value is string => typeof value === 'string' && /^[A-Z_]{1,40}$/.test(value)),
    next: typeof next === 'string' ? next : '',
  };
}

function counted(found: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const severity of found) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  const rank = (severity: string): number => (severities.includes(severity) ? severities.indexOf(severity) : 99);
  return [...counts].sort(([a], [b]) => rank(a) - rank(b));
}
