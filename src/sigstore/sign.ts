import { bundleToJSON, toDSSEBundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import { sign, type KeyObject } from 'node:crypto';
import { inTotoType } from './types';
import { keyHint } from './signingKey';

/** Signs statements as Sigstore bundles: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto */
export interface StatementSigner {
  /** In words, never with a secret. */
  readonly describe: string;
  /** The same for the same signer: by it a repeat knows what is signed already. */
  readonly id: string;
  /** The bundle, JSON. Throws SigningError. */
  sign(statement: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a key, without any service. */
export function keySigner(key: KeyObject): StatementSigner {
  const hint = keyHint(key);
  return {
    describe: `the key ${hint}`,
    id: `key ${hint}`,
    sign(statement) {
      const artifact = Buffer.from(statement);
      const signature = sign('sha256', dsse.preAuthEncoding(inTotoType, artifact), key);
      const bundle = toDSSEBundle({
        ...{ artifact, artifactType: inTotoType, signature, keyHint: hint },
        certificateChain: false,
      });
      // The library names the key here too, by a name that cosign does not know: it would pass the signature over.
      for (const each of bundle.content.dsseEnvelope.signatures) each.keyid = '';
      return Promise.resolve(Buffer.from(JSON.stringify(bundleToJSON(bundle))));
    },
  };
}
