import { bundleToJSON, toDSSEBundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import { sign, verify, type KeyObject } from 'node:crypto';
import { EnvironmentError } from '../errors';
import { inTotoType } from './types';
import { keyHint } from './signingKey';

/** Signs statements as Sigstore bundles: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto */
export interface StatementSigner {
  /** In words, never with a secret. */
  readonly describe: string;
  /** The same for the same signer: by it a repeat knows what is signed already. */
  readonly id: string;
  /** The bundle, JSON. Throws EnvironmentError, or what a service refuses with. */
  sign(statement: Uint8Array): Promise<Uint8Array>;
}

/** A key whose private half is elsewhere. */
export interface RemoteKey {
  /** Where, in words. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /** The signature of SHA-256 of `data`. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
}

/** Signs with a key, without any service. */
export function keySigner(key: KeyObject): StatementSigner {
  const hint = keyHint(key);
  return signerBy(hint, `the key ${hint}`, (data) => Promise.resolve(sign('sha256', data, key)));
}

/** Signs with a key that a service keeps; what it answers is verified before it is used. */
export function remoteKeySigner({ name, publicKey, sign: signThere }: RemoteKey): StatementSigner {
  return signerBy(keyHint(publicKey), `the key ${name}`, async (data) => {
    const signature = await signThere(data);
    if (verify('sha256', data, publicKey, signature)) return signature;
    throw new EnvironmentError(`What ${name} answered is not a signature by its own public key.`);
  });
}

function signerBy(
  hint: string,
  describe: string,
  signatureOf: (data: Uint8Array) => Promise<Uint8Array>,
): StatementSigner {
  return {
    describe,
    id: `key ${hint}`,
    async sign(statement) {
      const artifact = Buffer.from(statement);
      const signature = Buffer.from(await signatureOf(dsse.preAuthEncoding(inTotoType, artifact)));
      const bundle = toDSSEBundle({
        ...{ artifact, artifactType: inTotoType, signature, keyHint: hint },
        certificateChain: false,
      });
      // The library names the key here too, by a name that cosign does not know: it would pass the signature over.
      for (const each of bundle.content.dsseEnvelope.signatures) each.keyid = '';
      return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
    },
  };
}
