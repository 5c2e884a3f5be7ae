const KiB = 2 ** 10;
const MiB = 2 ** 20;

/**
 * The bound of every input, in one place: bytes, unless the name says otherwise. At each bound a run takes at most 2 s and 300 MB for it
 * (`__tests__/bounds`), above it is an error that names the bound. What only shortens a text for people stays where that text is made.
 */
export const bounds = {
  /** Catalog file. Some 250 images as large as the built-in ones; aliases of aliases ("billion laughs") are soon above the nodes. */
  catalog: { bytes: 256 * KiB, nodes: 5000, depth: 16, images: 500, bindings: 2000, groupMembers: 2000, operators: 20 },
  /** Characters of names that people choose. Tags and whole names: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
  name: { image: 128, repository: 200, variable: 255, tag: 128, fullName: 255 },
  /** Entries of inputs that are lists, and of a build argument's value: Linux takes arguments of 128 KiB. */
  input: { images: 1000, tags: 50, platforms: 20, argumentBytes: 64 * KiB },
  /** Jobs that GitHub starts of one matrix: https://docs.github.com/actions/reference/limits */
  matrixJobs: 256,
  /** The commit message, or what is searched in its place. The longest of the Linux kernel has 200 kB. */
  message: MiB,
  /** GitHub caps payloads at 25 MB: https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap */
  eventFile: 25 * MiB,
  /** Any JSON from outside: numbers, texts, lists and maps in it, and maps or lists in one another. */
  json: { values: 1_000_000, depth: 200 },
  lockFile: { bytes: 4 * MiB, images: 1000 },
  /** Keys, logins and other configuration of this machine. */
  configurationFile: MiB,
  dockerfile: {
    bytes: MiB,
    instructions: 1000,
    /** Those that ONBUILD adds counted in each stage. */
    evaluated: 20_000,
    stages: 500,
    /** Set by ARG and ENV; each instruction behind sees all of them. */
    variables: 1000,
    /** Characters of a word once its variables are filled in; a path has 4096 at most. */
    word: 32 * KiB,
    /** What COPY, ADD and mounts take. */
    sources: 5000,
  },
  ignoreFile: { bytes: 256 * KiB, rules: 1000 },
  /** Files of the commit. 1,000,000 files of some 4 objects are easily made; GitHub takes files up to 100 MB. */
  tree: { files: 200_000, file: 100 * MiB, text: 4 * MiB },
  /** What a short command of git, gh, docker, kustomize, helm or argocd may print. Of builds only the ends of lines and steps are kept. */
  commandOutput: 64 * MiB,
  /** The same of one that says little (`run`): @actions/exec 3.0 looks through all that is there of a line again with each piece of it. */
  shortOutput: 8 * MiB,
  registry: {
    /** The specification has registries take 4 MiB at least: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests */
    manifest: 8 * MiB,
    /** Blobs are held in memory: configs and lock files, never layers. */
    blob: 16 * MiB,
    token: MiB,
    /** Of an error; the rest is cut off. */
    error: 64 * KiB,
    /** Of all pages of one list of tags. */
    tagBytes: 16 * MiB,
    tags: 250_000,
    tagPages: 1000,
    /** Of all pages of what is attached to one image, in bytes and entries. */
    referrerBytes: 16 * MiB,
    referrers: 10_000,
    referrerPages: 100,
    /** Challenge and Link header. */
    header: 16 * KiB,
    redirects: 5,
  },
  /** One answer of GitHub's API, and pages of one list. */
  github: { answer: 16 * MiB, pages: 20 },
  /** One answer of Google's APIs. */
  google: { answer: 4 * MiB },
  /** One answer of the cluster, and objects of all pages of one list. */
  cluster: { answer: 32 * MiB, objects: 200_000 },
} as const;

/** Bytes as an error names them. */
export function inWords(bytes: number): string {
  return bytes >= MiB ? `${String(bytes / MiB)} MiB` : `${String(bytes / KiB)} KiB`;
}
