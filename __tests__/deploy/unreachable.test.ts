import { expect, it } from 'vitest';
import { refusal } from '../../src/deploy/kubectl';
import { DeployError, EnvironmentError } from '../../src/errors';

const of = (stderr: string): Error => refusal('read the Deployments', { exitCode: 1, stdout: '', stderr });

/* What kubectl 1.32 says. */
it.each([
  'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
  'Unable to connect to the server: dial tcp: lookup cluster.example on 127.0.0.11:53: no such host',
  'Unable to connect to the server: net/http: TLS handshake timeout',
  'error: context "x" does not exist',
])('no cluster, says kubectl: %s', (said) => {
  expect(of(said)).toBeInstanceOf(EnvironmentError);
  expect(of(said).message).toContain("the cluster can't be reached");
  expect(of(said).message).toContain(said);
});

it('a cluster that refuses is there', () => {
  const said = 'Error from server (Forbidden): deployments.apps is forbidden: User "x" cannot list resource';
  expect(of(said)).toBeInstanceOf(DeployError);
});
