import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { selfSignedCertificate } from '../support/certificate';

/* A fake of the part of a kubelet that gives containers' logs, where the API server looks for it. */

/** Serves logs by the names of pods on loopback, at /containerLogs/NAMESPACE/POD/CONTAINER. */
export async function serveLogs(nodeName: string, logs: ReadonlyMap<string, string>): Promise<Server> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const cert = selfSignedCertificate(privateKey, publicKey, nodeName);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ key, cert }, (request, response) => {
    const [, , , pod = ''] = new URL(request.url ?? '/', 'https://node').pathname.split('/');
    response.end(logs.get(pod) ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
