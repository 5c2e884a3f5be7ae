/**
 * One line of `docker buildx build --progress=rawjson`: BuildKit's SolveStatus.
 * https://github.com/moby/buildkit/blob/master/client/graph.go, https://docs.docker.com/reference/cli/docker/buildx/build/#progress
 */
export interface SolveStatus {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}

/** A step. Times are milliseconds since the epoch. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly started: number | undefined;
  readonly completed: number | undefined;
  readonly cached: boolean;
  readonly error: string;
}

/** Part of a step that moves bytes: a layer that is pushed, the context that is sent. */
interface VertexStatus {
  readonly vertex: string;
  readonly id: string;
  readonly current: number;
  readonly completed: boolean;
}

export interface VertexLog {
  readonly vertex: string;
  /** 1: standard output, 2: standard error. */
  readonly stream: number;
  /** In base64; bytes of the line that was parsed, so to be read before the next one is. */
  readonly data: Buffer;
}

interface VertexWarning {
  readonly text: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** Parses a line; undefined: it is not one of BuildKit's, but plain text. */
export function parseSolveStatus(line: Buffer): SolveStatus | undefined {
  if (line[0] !== 0x7b) return undefined;
  const { text, outputs } = withoutOutputs(line);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const status = record(parsed);
  const known = ['vertexes', 'statuses', 'logs', 'warnings'].filter((key) => Array.isArray(status[key]));
  if (known.length === 0) return undefined;
  return {
    vertexes: records(status['vertexes'])
      .map(vertex)
      .filter((each) => each.digest !== ''),
    statuses: records(status['statuses']).map(vertexStatus),
    logs: records(status['logs']).map((fields) => vertexLog(fields, outputs)),
    warnings: records(status['warnings']).map(vertexWarning),
  };
}

const OUTPUT = Buffer.from('"data":"');

/**
 * A line with a number in place of each output, `"data":0`, and these outputs. A talkative step fills a line with megabytes of
 * base64, which would be garbage twice, as a string and in what JSON.parse makes of it. The bytes looked for cannot be within a
 * string of JSON, whose quotes are escaped, and base64 has none.
 */
function withoutOutputs(line: Buffer): { readonly text: string; readonly outputs: readonly Buffer[] } {
  const outputs: Buffer[] = [];
  let text = '';
  let from = 0;
  for (let at = line.indexOf(OUTPUT); at !== -1; at = line.indexOf(OUTPUT, from)) {
    const start = at + OUTPUT.length;
    const end = line.indexOf(0x22, start);
    if (end === -1) break;
    text += `${line.toString('utf8', from, start - 1)}${String(outputs.length)}`;
    outputs.push(line.subarray(start, end));
    from = end + 1;
  }
  return { text: text + line.toString('utf8', from), outputs };
}

type Fields = Readonly<Record<string, unknown>>;

const vertex = (fields: Fields): Vertex => ({
  digest: string(fields['digest']),
  name: string(fields['name']),
  started: time(fields['started']),
  completed: time(fields['completed']),
  cached: fields['cached'] === true,
  error: string(fields['error']),
});

const vertexStatus = (fields: Fields): VertexStatus => ({
  vertex: string(fields['vertex']),
  id: string(fields['id']),
  current: number(fields['current']) ?? 0,
  completed: time(fields['completed']) !== undefined,
});

const vertexLog = (fields: Fields, outputs: readonly Buffer[]): VertexLog => ({
  vertex: string(fields['vertex']),
  stream: number(fields['stream']) ?? 1,
  data: outputs[number(fields['data']) ?? -1] ?? Buffer.alloc(0),
});

function vertexWarning(fields: Fields): VertexWarning {
  const short = base64Text(fields['short']);
  const url = string(fields['url']);
  const [range] = records(fields['range']);
  return {
    // The line is reported separately; the rule's page says more than its detail.
    text: `${short.replace(/ \(line \d+\)$/, '')}${url === '' ? '' : ` (${url})`}`,
    file: string(record(fields['sourceInfo'])['filename']) || undefined,
    line: number(record(range?.['start'])['line']),
  };
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function records(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** RFC 3339; Go writes a time that is not set as year 1. */
function time(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value) : NaN;
  return parsed > 0 ? parsed : undefined;
}

function base64Text(value: unknown): string {
  return Buffer.from(string(value), 'base64').toString('utf8');
}
