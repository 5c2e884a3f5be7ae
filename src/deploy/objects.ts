import * as v from 'valibot';
import { DeployError } from '../errors';
import { jsonExcess } from '../system/json';

/*
 * What is read of Kubernetes objects; everything else in them is left alone.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
 */

const texts = v.record(v.string(), v.string());

const envVariable = v.object({ name: v.string(), value: v.optional(v.string()), valueFrom: v.optional(v.unknown()) });

const container = v.object({
  name: v.string(),
  image: v.optional(v.string(), ''),
  env: v.optional(v.array(envVariable), []),
  envFrom: v.optional(v.array(v.unknown()), []),
});

const named = v.object({ name: v.optional(v.string(), '') });

const volume = v.object({ configMap: v.optional(v.object({ name: v.optional(v.string(), '') })) });

const podSpec = v.object({
  containers: v.array(container),
  initContainers: v.optional(v.array(container), []),
  imagePullSecrets: v.optional(v.array(named), []),
  serviceAccountName: v.optional(v.string(), 'default'),
  volumes: v.optional(v.array(volume), []),
});

const condition = v.object({
  type: v.string(),
  status: v.string(),
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
});

const ownerReference = v.object({
  apiVersion: v.optional(v.string(), ''),
  kind: v.string(),
  name: v.string(),
  uid: v.optional(v.string(), ''),
  controller: v.optional(v.boolean(), false),
});

/** Who wrote which fields: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
const managedFields = v.looseObject({
  manager: v.optional(v.string(), ''),
  operation: v.optional(v.string(), ''),
  subresource: v.optional(v.string()),
  fieldsV1: v.optional(v.record(v.string(), v.unknown()), {}),
});

const metadata = v.object({
  name: v.string(),
  uid: v.optional(v.string(), ''),
  resourceVersion: v.optional(v.string(), ''),
  generation: v.optional(v.number(), 0),
  creationTimestamp: v.optional(v.nullable(v.string()), ''),
  deletionTimestamp: v.optional(v.string()),
  annotations: v.optional(texts, {}),
  labels: v.optional(texts, {}),
  ownerReferences: v.optional(v.array(ownerReference), []),
  managedFields: v.optional(v.array(managedFields), []),
});

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
const selector = v.object({
  matchLabels: v.optional(texts, {}),
  matchExpressions: v.optional(
    v.array(v.object({ key: v.string(), operator: v.string(), values: v.optional(v.array(v.string()), []) })),
    [],
  ),
});

const deployment = v.object({
  metadata,
  spec: v.object({
    replicas: v.optional(v.number(), 1),
    paused: v.optional(v.boolean(), false),
    selector,
    strategy: v.optional(
      v.object({
        type: v.optional(v.string(), ''),
        rollingUpdate: v.optional(v.object({ maxUnavailable: v.optional(v.union([v.number(), v.string()])) })),
      }),
      {},
    ),
    template: v.object({ spec: podSpec }),
  }),
  status: v.optional(
    v.object({
      observedGeneration: v.optional(v.number(), 0),
      replicas: v.optional(v.number(), 0),
      updatedReplicas: v.optional(v.number(), 0),
      readyReplicas: v.optional(v.number(), 0),
      availableReplicas: v.optional(v.number(), 0),
      conditions: v.optional(v.array(condition), []),
    }),
    {},
  ),
});

const replicaSet = v.object({
  metadata,
  spec: v.optional(v.object({ template: v.optional(v.object({ spec: podSpec })) }), {}),
  status: v.optional(v.object({ conditions: v.optional(v.array(condition), []) }), {}),
});

const reason = v.object({
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
  exitCode: v.optional(v.number()),
});

const containerStatus = v.object({
  name: v.string(),
  imageID: v.optional(v.string(), ''),
  ready: v.optional(v.boolean(), false),
  restartCount: v.optional(v.number(), 0),
  state: v.optional(v.object({ waiting: v.optional(reason), terminated: v.optional(reason) }), {}),
  lastState: v.optional(v.object({ terminated: v.optional(reason) }), {}),
});

const pod = v.object({
  metadata,
  spec: podSpec,
  status: v.optional(
    v.object({
      phase: v.optional(v.string(), ''),
      conditions: v.optional(v.array(condition), []),
      containerStatuses: v.optional(v.array(containerStatus), []),
      initContainerStatuses: v.optional(v.array(containerStatus), []),
    }),
    {},
  ),
});

const secret = v.object({ metadata, type: v.optional(v.string(), ''), data: v.optional(texts, {}) });

const serviceAccount = v.object({ metadata, imagePullSecrets: v.optional(v.array(named), []) });

const configMap = v.object({ metadata, data: v.optional(texts, {}) });

/** An object of a kind that we do not know. */
const custom = v.looseObject({ metadata, status: v.optional(v.unknown()) });

const event = v.object({ reason: v.optional(v.string(), ''), message: v.optional(v.string(), '') });

const listOf = <T extends v.GenericSchema>(
  item: T,
): v.ObjectSchema<{ items: v.ArraySchema<T, undefined> }, undefined> => v.object({ items: v.array(item) });

/** What answers are read as, by kind. */
export const kinds = {
  deployment,
  deployments: listOf(deployment),
  replicaSets: listOf(replicaSet),
  pods: listOf(pod),
  secret,
  secrets: listOf(secret),
  serviceAccount,
  configMap,
  namespaces: listOf(v.object({ metadata })),
  events: listOf(event),
  custom,
  customs: listOf(custom),
  condition,
} as const;

export type EnvVariable = Readonly<v.InferOutput<typeof envVariable>>;
export type Container = Readonly<v.InferOutput<typeof container>>;
export type Condition = Readonly<v.InferOutput<typeof condition>>;
export type Deployment = Readonly<v.InferOutput<typeof deployment>>;
export type ReplicaSet = Readonly<v.InferOutput<typeof replicaSet>>;
export type Selector = Readonly<v.InferOutput<typeof selector>>;
export type Pod = Readonly<v.InferOutput<typeof pod>>;
export type ContainerStatus = Readonly<v.InferOutput<typeof containerStatus>>;
export type Secret = Readonly<v.InferOutput<typeof secret>>;
export type ServiceAccount = Readonly<v.InferOutput<typeof serviceAccount>>;

/** Reads kubectl's JSON as one of `kinds`. DeployError when it is something else; `what` names what was asked for. */
export function readObject<T extends v.GenericSchema>(schema: T, text: string, what: string): v.InferOutput<T> {
  const excess = jsonExcess(text);
  if (excess !== undefined)
    throw new DeployError(`The cluster's answer for ${what} ${excess}, which is too much to be one.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DeployError(`The cluster's answer for ${what} is not JSON. Does this kubectl reach a Kubernetes API?`, {
      cause,
    });
  }
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? 'the top';
  throw new DeployError(`The cluster's answer for ${what} can't be read: ${parsed.issues[0].message} (at ${where}).`);
}
