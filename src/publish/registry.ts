/** The registry client, as the rest of the stage sees it. */
export { createRegistry, type RegistryOptions } from './registry/client';
export { defaultLimits, type Limits } from './registry/limits';
