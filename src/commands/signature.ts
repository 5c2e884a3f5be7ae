import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PublishError, UsageError } from '../errors';
import { namingEvents } from '../event/trust';
import { isKeyReference } from '../google/kms/reference';
import { openAttachments } from '../oci/attachments';
import { verifySet } from '../publish/attest/verify';
import { readSet } from '../publish/setArtifact';
import { isSameSet } from '../publish/releaseSet';
import { commitTag, setRepository } from '../publish/tags';
import { readPublicKey } from '../sigstore/signingKey';
import { parseTrustedRoot, publicRoot } from '../sigstore/trustedRoot';
import type { Who } from '../sigstore/verify';
import { quoted } from '../system/quoted';
import type { LockFile, Registry } from '../types';
import type { Access, AccessPorts } from '../run/access';
import type { Flag } from './command';

/* Whose signature a command asks for, and how it is looked at. */

export const signatureFlags = {
  'require-signature': {
    kind: 'repeated',
    value: '<who>',
    description:
      'refuse a set that is not signed by this public key (a file, or gcpkms://…) or identity (the workflow that ran, https://github.com/OWNER/REPO/.github/workflows/…@REF; * stands for anything without an @); may be repeated: any of them is enough',
  },
  'signature-event': {
    kind: 'list',
    value: '<event>',
    description:
      'with an identity: also take signatures of runs that this event started, such as workflow_run. Others than push, workflow_dispatch and the like run under the name of the default branch, whatever they build',
  },
  'trusted-root': {
    kind: 'text',
    value: '<file>',
    description: "Sigstore's certificates and logs for identities (default: those of the public Sigstore, fetched)",
  },
} as const satisfies Record<string, Flag>;

/**
 * Who says which job it is, on GitHub's servers: https://docs.github.com/actions/concepts/security/openid-connect, for GitHub Enterprise Server
 * https://docs.github.com/enterprise-server@latest/actions/reference/security/oidc
 */
function issuerOf(host: string): string {
  if (host === publicServer) return 'https://token.actions.githubusercontent.com';
  return host.endsWith('.ghe.com') ? `https://token.actions.${host}` : `https://${host}/_services/token`;
}

/** The server whose jobs get certificates of the public Sigstore: https://github.com/sigstore/fulcio/blob/main/config/identity/config.yaml */
const publicServer = 'github.com';

/** Of the name of a workflow. */
function hostOf(identity: string): string {
  return /^https:\/\/([^/*@]+)\//.exec(identity)?.[1]?.toLowerCase() ?? publicServer;
}

/** A call of a command that takes `signatureFlags`. */
interface SignatureCall {
  readonly flags: {
    readonly 'require-signature': readonly string[];
    readonly 'signature-event': readonly string[];
    readonly 'trusted-root': string | undefined;
  };
  readonly input: (name: 'credentials-json') => string;
  readonly session: AccessPorts & { readonly cwd: string };
}

/** Those of the flags. Throws UsageError, EnvironmentError, RegistryError. */
export async function requiredSigners({ flags, input, session }: SignatureCall): Promise<readonly Who[]> {
  const { cwd } = session;
  const rootFile = flags['trusted-root'];
  const events = new Set([...namingEvents, ...flags['signature-event']]);
  const root = async () =>
    rootFile === undefined
      ? publicRoot()
      : parseTrustedRoot(await text(resolve(cwd, rootFile), '--trusted-root'), rootFile);
  let known: ReturnType<typeof root> | undefined;
  return Promise.all(
    flags['require-signature'].map(async (given): Promise<Who> => {
      const who = given.trim();
      if (/^https:\/\/./.test(who)) {
        const host = hostOf(who);
        if (host !== publicServer && rootFile === undefined) {
          throw new UsageError(
            `--require-signature ${quoted(given)}: of GitHub's servers the public Sigstore gives certificates to jobs of ${publicServer} alone, so none of ${host} can sign by it. ` +
              'Where they sign by a Sigstore of your own, give its certificates with --trusted-root; else sign with a key, and name its public half here.',
          );
        }
        return { kind: 'identity', name: who, issuer: issuerOf(host), root: await (known ??= root()), events };
      }
      if (isKeyReference(who)) {
        const { openKeyReference } = await import('../run/kms');
        const inputs = { credentialsJson: input('credentials-json') };
        return { kind: 'key', key: (await openKeyReference(who, '--require-signature', inputs, session)).publicKey };
      }
      const file = resolve(cwd, who);
      if (who === '' || !existsSync(file)) {
        throw new UsageError(
          `--require-signature ${quoted(given)}: there is no such file with a public key, and it is neither an identity (https://github.com/…) nor a key's reference (gcpkms://…).`,
        );
      }
      return { kind: 'key', key: readPublicKey(await text(file, '--require-signature'), file) };
    }),
  );
}

async function text(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${flag}: ${file} can't be read.`, { cause });
  }
}

/** The set of a lock file as it is in the registry; undefined: there is none of its commit, or it has other images. */
export async function setInRegistry(
  registry: Registry,
  lock: LockFile,
): Promise<{ readonly repository: string; readonly digest: string } | undefined> {
  const repository = setRepository(lock.registryPath);
  const found = await readSet(registry, repository, commitTag(lock.commit));
  return typeof found === 'object' && isSameSet(found.lock, lock) ? { repository, digest: found.digest } : undefined;
}

/**
 * Refuses a set unless it and every image of it is signed as asked. Nothing asked for: asks nothing. Throws PublishError, RegistryError.
 */
export async function refuseUnsigned(
  { lock, access }: { readonly lock: LockFile; readonly access: Access | undefined },
  required: readonly Who[],
): Promise<void> {
  if (required.length === 0) return;
  const refuse = (why: string): PublishError =>
    new PublishError(`The set of commit ${lock.commit} is refused (--require-signature). ${why}\nNothing was changed.`);
  if (access === undefined) throw refuse('Its registry can’t be asked: there are no credentials for it.');
  const { registry } = access;
  const set = await setInRegistry(registry, lock);
  if (set === undefined) {
    throw refuse(
      'The registry has no set of that commit with these images, so nothing says that they belong together.',
    );
  }
  const order = { lock, set: Promise.resolve(set), required, provenance: false };
  const subjects = await verifySet(order, { registry, attachments: openAttachments(registry) });
  const problems = subjects.flatMap(({ problems: each }) => each);
  if (problems.length > 0) throw refuse(problems.join('\n'));
}
