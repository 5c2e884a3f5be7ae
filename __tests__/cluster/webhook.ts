import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../support/certificate';
import type { ApiServer } from './apiServer';

/** An admission webhook for the pods that are made in one namespace, as clusters have them. */
export interface Webhook extends AsyncDisposable {
  readonly name: string;
}

/** What it says of a pod: a JSON patch of it, or why it is refused. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
export type Verdict = { readonly patch: readonly object[] } | { readonly refused: string };

interface AdmittedPod {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** Serves it on loopback and registers it at the API server. */
export async function startWebhook(
  server: ApiServer,
  namespace: string,
  judge: (pod: AdmittedPod) => Verdict,
): Promise<Webhook> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const cert = selfSignedCertificate(privateKey, publicKey, 'localhost');
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const listener = createServer({ key, cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        request: { uid: string; object: AdmittedPod };
      };
      const verdict = judge(review.request.object);
      const answer =
        'refused' in verdict
          ? { allowed: false, status: { message: verdict.refused } }
          : {
              allowed: true,
              patchType: 'JSONPatch',
              patch: Buffer.from(JSON.stringify(verdict.patch)).toString('base64'),
            };
      const body = {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: review.request.uid, ...answer },
      };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const name = `pods.${namespace}.example.com`;
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  const answer = await server.api(path, {
    method: 'POST',
    body: {
      metadata: { name },
      webhooks: [
        {
          name,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          // The most that there is: this machine may be busy.
          timeoutSeconds: 30,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          clientConfig: {
            url: `https://localhost:${(listener.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(cert).toString('base64'),
          },
        },
      ],
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await server.api(`${path}/${name}`, { method: 'DELETE' });
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
