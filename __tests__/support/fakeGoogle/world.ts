import { createPublicKey, randomBytes, verify, type KeyObject } from 'node:crypto';

/*
 * The state of a FAKE of Google's cloud, shared by the fake servers of this folder: one project with repositories, accounts with their
 * rights, and the tokens that were given out. What images there are is not here: that is the real Distribution registry's.
 */

/** A repository of Artifact Registry. */
export interface FakeRepository {
  format: string;
  mode: string;
  immutableTags: boolean;
  isScanning: boolean;
}

/** Rights by role: https://cloud.google.com/artifact-registry/docs/access-control#roles */
export const roles = {
  reader: [
    'repositories.get',
    'repositories.list',
    'repositories.downloadArtifacts',
    'versions.get',
    'versions.list',
    'tags.list',
  ],
  writer: ['repositories.uploadArtifacts', 'tags.create', 'tags.update'],
  repoAdmin: ['repositories.deleteArtifacts', 'tags.delete', 'versions.delete', 'packages.delete'],
  admin: ['repositories.create', 'repositories.delete', 'repositories.update'],
} as const;

const levels = ['reader', 'writer', 'repoAdmin', 'admin'] as const;

/** Everything a role and those below it may: `artifactregistry.…`. */
export function rightsOf(role: (typeof levels)[number]): readonly string[] {
  return levels
    .slice(0, levels.indexOf(role) + 1)
    .flatMap((level) => roles[level].map((right) => `artifactregistry.${right}`));
}

export class FakeWorld {
  readonly project: string;
  readonly projectNumber = '123456789';
  readonly locations = ['europe-west3', 'us', 'europe', 'us-central1'];
  /** By `LOCATION/NAME`. */
  readonly repositories = new Map<string, FakeRepository>();
  /** Account → its rights on everything in the project. */
  readonly rights = new Map<string, readonly string[]>();
  apiEnabled = true;
  /** May a repository be asked about rights on the tags in it? Not documented either way. */
  testsTagRights = true;
  /** Every token given out, oldest first. */
  readonly tokens: { readonly token: string; readonly account: string; readonly endsAt: number }[] = [];
  /** Public keys of service accounts. */
  readonly keys = new Map<string, KeyObject>();

  constructor(project: string) {
    this.project = project;
  }

  add(name: string, change: Partial<FakeRepository> = {}): FakeRepository {
    const repository = {
      format: 'DOCKER',
      mode: 'STANDARD_REPOSITORY',
      immutableTags: false,
      isScanning: false,
      ...change,
    };
    this.repositories.set(name, repository);
    return repository;
  }

  /** Lets tokens that this account signs itself count. */
  trust(account: string, privateKey: string): void {
    this.keys.set(account, createPublicKey(privateKey));
  }

  issue(account: string, seconds: number): string {
    const token = `ya29.${randomBytes(30).toString('base64url')}`;
    this.tokens.push({ token, account, endsAt: Date.now() + seconds * 1000 });
    return token;
  }

  /** Whose token it is; undefined: nobody's, or one that ended. Also a token that a service account signed itself: https://google.aip.dev/auth/4111 */
  accountOf(token: string): string | undefined {
    const known = this.tokens.find((each) => each.token === token);
    if (known !== undefined) return Date.now() < known.endsAt ? known.account : undefined;
    const [head = '', body = '', signature = ''] = token.split('.');
    if (signature === '') return undefined;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as {
      readonly iss: string;
      readonly exp: number;
    };
    const key = this.keys.get(claims.iss);
    const isOurs =
      key !== undefined &&
      claims.exp * 1000 > Date.now() &&
      verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
    return isOurs ? claims.iss : undefined;
  }

  may(account: string | undefined, right: string): boolean {
    return account !== undefined && (this.rights.get(account) ?? []).includes(right);
  }
}
