import type { AuthClient } from 'google-auth-library';
import type { GoogleRegistryPath } from '../registryPath';
import type { ApiOptions } from './client';
import { gatherEvidence } from './evidence';
import { decidePreflight, type Intent, type Preflight } from './preflightDecision';

/**
 * Asks Google, before anything is built, whether a push to `path` can go well: is there such a repository, of the right kind, and what
 * may we do. Google has three seconds for it (`timeoutMs`); what could not be found out in it is a warning. Throws only the signal's reason.
 */
export async function preflight(
  path: GoogleRegistryPath,
  authClient: AuthClient,
  options: ApiOptions & Intent = {},
): Promise<Preflight> {
  return decidePreflight(path, await gatherEvidence(path, authClient, options), options);
}
