/** How the backend's Dockerfiles were built over time, by the release where each way was the newest. */
export type Era = '2.3' | '2.5' | '2.17' | 'head';

export interface KfpImage {
  readonly name: string;
  /** A glibc builder and a stage that compiles samples with Python, as the API server has. */
  readonly samples: boolean;
  /** Packages that its builder needs; empty: none. */
  readonly packages: string;
}

export const kfpImages: readonly KfpImage[] = [
  { name: 'apiserver', samples: true, packages: 'cmake clang musl-dev openssl' },
  { name: 'driver', samples: false, packages: '' },
  { name: 'launcher', samples: false, packages: '' },
  { name: 'cacheserver', samples: false, packages: 'bash git openssh gcc musl-dev' },
  { name: 'persistenceagent', samples: false, packages: 'git openssh' },
  { name: 'scheduledworkflow', samples: false, packages: 'git' },
  { name: 'viewercontroller', samples: false, packages: 'git gcc musl-dev' },
];

/** A Dockerfile of our own in the shape that the image had in that era: the same instructions in the same order of stages. */
export function kfpDockerfile({ name, samples, packages }: KfpImage, era: Era): string {
  const modules = era === '2.3' ? [] : ['COPY ./go.mod ./', 'COPY ./go.sum ./', 'COPY ./api/go.mod ./api/go.mod'];
  const proxy =
    era === 'head' ? ['# Any error of the proxy falls back.', 'ENV GOPROXY=https://proxy.example.com|direct'] : [];
  const version = { '2.3': '1.21.7', '2.5': '1.23', '2.17': '1.26.3', head: '1.26.6' }[era];
  const pin = era === '2.17' || era === 'head' ? `@sha256:${'a'.repeat(64)}` : '';
  const install = samples
    ? [`RUN apt-get update && apt-get install -y ${packages}`]
    : ['RUN apk update && apk upgrade && \\', `    apk add --no-cache ${packages}`];
  const licences = [
    '# Licences are checked against a list.',
    'RUN ./hack/install-licence-tool.sh',
    `RUN go-licenses csv ./backend/${name} > /tmp/licences.csv && \\`,
    `  diff /tmp/licences.csv backend/licences/${name}.csv && \\`,
    `  go-licenses save ./backend/${name} --save_path /tmp/NOTICES`,
  ];
  return [
    '# Written for these tests.',
    '',
    `FROM golang:${version}-${samples ? 'bookworm' : 'alpine'}${pin} ${era === '2.3' ? 'as' : 'AS'} builder`,
    ...(name === 'driver' ? ['ARG GCFLAGS=""'] : []),
    ...(packages === '' ? [] : install),
    'WORKDIR /go/src/github.com/kubeflow/pipelines',
    ...modules,
    ...proxy,
    ...(modules.length === 0 ? [] : ['RUN GO111MODULE=on go mod download']),
    ...(samples && era === 'head'
      ? ["RUN go list -mod=readonly -m -f '{{.Version}}' example.com/argo > /tmp/argo-version"]
      : []),
    'COPY . .',
    `RUN GO111MODULE=on CGO_ENABLED=0 GOOS=linux go build -tags netgo -gcflags="\${GCFLAGS}" -ldflags '-extldflags "-static"' -o /bin/${name} ./backend/${name}/*.go`,
    ...(era === '2.3' ? licences : []),
    ...(samples ? compiler(era) : []),
    '',
    `FROM ${samples ? 'debian:stable' : 'alpine:3.21'}`,
    ...(samples
      ? ['ARG COMMIT_SHA=unknown', 'ENV COMMIT_SHA=${COMMIT_SHA}']
      : ['RUN adduser -S -u 65532 appuser', 'USER 65532']),
    'WORKDIR /bin',
    `COPY --from=builder /bin/${name} /bin/${name}`,
    ...(era === '2.3'
      ? ['COPY --from=builder /tmp/licences.csv /third_party/', 'COPY --from=builder /tmp/NOTICES /third_party/NOTICES']
      : []),
    ...(samples ? ['COPY --from=compiler /samples/ /samples/', `RUN chmod +x /bin/${name}`] : []),
    `CMD /bin/${name}`,
    '',
  ].join('\n');
}

function compiler(era: Era): readonly string[] {
  return [
    '',
    'FROM python:3.11 AS compiler',
    'RUN apt-get update -y && apt-get install -y jq wget',
    'RUN wget https://example.com/get-pip.py && python3 get-pip.py',
    ...(era === 'head' ? ['COPY --from=builder /tmp/argo-version /tmp/argo-version'] : []),
    'COPY ./samples /samples',
    'RUN set -e; \\',
    '    < /samples/list.json jq .[] --raw-output | while read sample; do \\',
    '    python3 "$sample"; \\',
    '    done',
  ];
}
