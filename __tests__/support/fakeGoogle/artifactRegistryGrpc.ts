import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { grpc, GrpcClient, protobuf } from 'google-gax';
import { answer } from './artifactRegistryApi';
import type { StoredImages } from './storedImages';
import type { FakeWorld } from './world';

/*
 * A FAKE of the Artifact Registry API over gRPC, by the definition that the package @google-cloud/artifact-registry brings in
 * build/protos. It has no state or answers of its own: each call becomes the REST request that its `google.api.http` annotation names
 * (https://cloud.google.com/endpoints/docs/grpc/transcoding), which artifactRegistryApi.ts answers, and the JSON becomes the message.
 */
export interface FakeGrpc {
  readonly port: number;
  close(): void;
}

/** Other methods of the service are UNIMPLEMENTED, as grpc-js answers for what has no handler. */
const methods = [
  'GetRepository',
  'ListRepositories',
  'GetDockerImage',
  'ListDockerImages',
  'ListTags',
  'DeleteTag',
  'DeleteVersion',
  'TestIamPermissions',
];

type Message = Readonly<Record<string, unknown>>;
type Rule = Readonly<Partial<Record<string, string>>>;

/** Starts one on a free loopback port, without TLS; accounts by the `authorization` of a call's metadata. */
export async function startFakeGrpc(world: FakeWorld, images?: StoredImages): Promise<FakeGrpc> {
  const service = definition();
  const server = new grpc.Server();
  server.addService(
    service,
    Object.fromEntries(
      methods.map((method) => {
        const handle: grpc.handleUnaryCall<Message, object> = ({ request, metadata }, callback) => {
          transcoded(world, images, ruleOf(service[method]), request, metadata).then(
            (message) => callback(null, message),
            (error: unknown) =>
              callback(isStatus(error) ? error : { code: grpc.status.INTERNAL, details: String(error) }),
          );
        };
        return [method, handle];
      }),
    ),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

async function transcoded(
  world: FakeWorld,
  images: StoredImages | undefined,
  rule: Rule,
  request: Message,
  metadata: grpc.Metadata,
): Promise<object> {
  const [verb = '', template = ''] =
    Object.entries(rule).find(([key]) => ['get', 'post', 'delete'].includes(key)) ?? [];
  const [, field = '', rest = ''] = /^\/v1\/\{(\w+)=[^}]*\}(.*)$/.exec(template) ?? [];
  const path = String(request[field]).split('/').map(encodeURIComponent).join('/');
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request)) query.set(name, String(value));
  const { status, body } = await answer(world, images, {
    method: verb.toUpperCase(),
    path: `/v1/${path}${rest}?${query.toString()}`,
    headers: { authorization: String(metadata.get('authorization')[0] ?? '') },
    body: Buffer.from(JSON.stringify(request)),
  });
  if (status !== 200) throw refusal(body);
  return JSON.parse(body, (name, value: unknown) =>
    name.endsWith('Time') && typeof value === 'string' ? timestamp(value) : value,
  ) as object;
}

/** https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp */
function timestamp(text: string): object {
  const ms = Date.parse(text);
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

/** The refusal as a status, its details where gRPC has them: https://cloud.google.com/apis/design/errors#error_model */
function refusal(body: string): Error & Partial<grpc.StatusObject> {
  const { error } = JSON.parse(body) as {
    readonly error: {
      readonly status: keyof typeof grpc.status;
      readonly message: string;
      readonly details?: object[];
    };
  };
  const code = grpc.status[error.status];
  const type = protobuf.Root.fromJSON(gaxStatus()).lookupType('google.rpc.Status');
  const bytes = type.encode(type.fromObject({ code, message: error.message, details: error.details ?? [] })).finish();
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return Object.assign(new Error(error.message), { code, details: error.message, metadata });
}

function isStatus(error: unknown): error is Partial<grpc.StatusObject> {
  return typeof error === 'object' && error !== null && 'code' in error && 'details' in error;
}

function definition(): grpc.ServiceDefinition {
  const file = load('@google-cloud/artifact-registry', 'protos/protos.json');
  const name = ['google', 'devtools', 'artifactregistry', 'v1', 'ArtifactRegistry'];
  const found = name.reduce<unknown>(
    (at, part) => Reflect.get(at as object, part),
    new GrpcClient().loadProtoJSON(file),
  );
  return (found as grpc.ServiceClientConstructor).service;
}

function ruleOf(method: unknown): Rule {
  return (method as { readonly options: { readonly '(google.api.http)': Rule } }).options['(google.api.http)'];
}

function gaxStatus(): protobuf.INamespace {
  return load('google-gax', 'protos/status.json');
}

/** A file of a package's `build`, beside its `build/src/index.js`. */
function load(name: string, file: string): protobuf.INamespace {
  const entry = createRequire(join(process.cwd(), 'package.json')).resolve(name);
  return JSON.parse(readFileSync(join(dirname(entry), '..', file), 'utf8')) as protobuf.INamespace;
}
