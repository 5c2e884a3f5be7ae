import { bundleFromJSON, type Bundle } from '@sigstore/bundle';
import { X509Certificate } from '@sigstore/core';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import type { KeyObject } from 'node:crypto';
import { message } from '../errors';
import { parseJson } from '../system/json';
import { keyHint } from './signingKey';
import { inTotoType } from './types';

/** Whose signature counts. */
export type Who =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | {
      readonly kind: 'identity';
      /** Of the workflow that ran; `*` stands for anything, but for no `@` where the name has one. */
      readonly name: string;
      /** Who says which job it is. An enterprise may have one of its own below: `ISSUER/SLUG`. */
      readonly issuer: string;
      readonly root: TrustedRoot;
      /** What may have started it: others run under the name of the default branch, whatever they build. */
      readonly events: ReadonlySet<string>;
    };

/** A bundle, read. Only `check` verifies it. */
export interface OpenBundle {
  readonly statement: Uint8Array;
  /** Whom it names as signer, in words: a claim until it is checked. */
  readonly claimed: string;
  /** Why it is not a signature of theirs; undefined: it is one. */
  check(who: Who): string | undefined;
}

/** Reads a bundle of an in-toto statement. undefined: it is not one. Never throws. */
export function openBundle(bytes: Uint8Array): OpenBundle | undefined {
  let bundle: Bundle;
  try {
    bundle = bundleFromJSON(parseJson(bytes));
  } catch {
    return undefined;
  }
  if (bundle.content.$case !== 'dsseEnvelope') return undefined;
  const { payloadType, payload } = bundle.content.dsseEnvelope;
  if (payloadType !== inTotoType) return undefined;
  const { content } = bundle.verificationMaterial;
  const isKey = content.$case === 'publicKey';
  return {
    statement: payload,
    claimed: isKey ? `the key ${content.publicKey.hint}` : 'an identity',
    check: (who) => {
      if ((who.kind === 'key') !== isKey) return `it is signed by ${isKey ? 'a key' : 'an identity'}`;
      try {
        if (who.kind === 'identity') return checkIdentity(bundle, who);
        checkKey(bundle, who.key);
        return undefined;
      } catch (thrown) {
        return message(thrown);
      }
    },
  };
}

/** Whose signature is wanted, in words. */
export function describeWho(who: Who): string {
  return who.kind === 'key' ? `the key ${keyHint(who.key)}` : `${who.name} (${who.issuer})`;
}

/** A key's signature needs no service: neither a certificate nor a log is behind it. */
function checkKey(bundle: Bundle, key: KeyObject): void {
  const nobody = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [],
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: [],
  };
  const trusted = toTrustMaterial(nobody, () => ({ publicKey: key, validFor: () => true }));
  new Verifier(trusted, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 }).verify({
    ...toSignedEntity(bundle),
    // Records of a log that nobody here trusts prove nothing, and take nothing away.
    tlogEntries: [],
    timestamps: [],
  });
}

/** The certificate, the log of certificates, the log of signatures, then the name. */
function checkIdentity(
  bundle: Bundle,
  { name, issuer, root, events }: Extract<Who, { readonly kind: 'identity' }>,
): string | undefined {
  const { identity } = new Verifier(toTrustMaterial(root)).verify(toSignedEntity(bundle));
  const [is, by] = [identity?.subjectAlternativeName ?? '', identity?.extensions?.issuer ?? ''];
  const certificate = certificateOf(bundle);
  const names = namesOf(is, certificate);
  const [own = ''] = names;
  const through = names.includes(is) ? '' : `, through ${is.slice(0, 300)}`;
  const signer = `it is signed by ${own.slice(0, 300)}${through} (${by.slice(0, 200)})`;
  if (!isOf(by, issuer) || !names.some((each) => matches(name, each))) return signer;
  const event = extension(certificate, buildTrigger);
  if (event === undefined) return `${signer}, and its certificate does not say which event started that run`;
  if (events.has(event)) return undefined;
  const shown = event.slice(0, 100);
  return `${signer} in a run that ${shown} started, which may build code of anyone under this name (--signature-event ${shown} takes it)`;
}

/** https://docs.github.com/enterprise-cloud@latest/actions/reference/security/oidc#customizing-the-issuer-value-for-an-enterprise */
function isOf(by: string, issuer: string): boolean {
  return by === issuer || (by.startsWith(`${issuer}/`) && /^[A-Za-z0-9_-]+$/.test(by.slice(issuer.length + 1)));
}

/** What Fulcio writes into a certificate of a job: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const sourceRepository = '1.3.6.1.4.1.57264.1.12';
const buildConfig = '1.3.6.1.4.1.57264.1.18';
/** GitHub's name of the event. */
const buildTrigger = '1.3.6.1.4.1.57264.1.20';

/**
 * The names that a job goes by. Its certificate is that of the workflow with the steps: of one that others call, everybody who calls it has the
 * same. So that is a name only within its own repository and at the ref that ran: any branch may call what is on `main`, and builds its own
 * commit by it. Elsewhere the workflow that ran is the one, which called it.
 */
function namesOf(subject: string, certificate: X509Certificate | undefined): readonly string[] {
  const [repository, ran] = [extension(certificate, sourceRepository), extension(certificate, buildConfig)];
  if (ran === undefined || ran === subject) return [subject];
  const isOwn = repository !== undefined && subject.startsWith(`${repository}/`) && refOf(subject) === refOf(ran);
  return isOwn ? [ran, subject] : [ran];
}

/** From the first `@` on: names of workflows have no `/`, and so nothing like a ref in them. */
function refOf(name: string): string | undefined {
  return /@.*/s.exec(name)?.[0];
}

function certificateOf({ verificationMaterial: { content } }: Bundle): X509Certificate | undefined {
  const bytes =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]?.rawBytes
        : undefined;
  return bytes && X509Certificate.parse(Buffer.from(bytes));
}

function extension(certificate: X509Certificate | undefined, oid: string): string | undefined {
  return certificate?.extension(oid)?.valueObj.subs[0]?.value.toString('utf8');
}

/** A branch may be called `x@refs/heads/main`: a `*` before an `@` must not reach beyond the first. */
function matches(pattern: string, text: string): boolean {
  const anything = pattern.includes('@') ? '[^@]*' : '.*';
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join(anything)}$`, 's').test(text);
}
