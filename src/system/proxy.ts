import * as http from 'node:http';

/**
 * This machine is never behind a proxy, as for Docker and everything else in Go (https://pkg.go.dev/net/http#ProxyFromEnvironment),
 * nor is the metadata server of the cloud it runs in, which gives tokens.
 */
const always = 'localhost,127.0.0.1,::1,[::1],169.254.169.254,metadata.google.internal';

/**
 * Lets fetch and node:http honour HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either case), which they do not by themselves.
 * Call it once, before any request. Gives a function that takes it back, or undefined when no proxy is set or this Node
 * can't (before 24.14: NODE_USE_ENV_PROXY=1 in the environment does it there).
 * https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support
 */
export function useProxyFromEnvironment(env: NodeJS.ProcessEnv = process.env): (() => void) | undefined {
  const of = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? '';
  const [httpProxy, httpsProxy] = [of('HTTP_PROXY'), of('HTTPS_PROXY')];
  if ((httpProxy === '' && httpsProxy === '') || !canFollowEnvironment()) return undefined;
  const noProxy = [of('NO_PROXY'), always].filter((list) => list !== '').join(',');
  return http.setGlobalProxyFromEnv({
    ...(httpProxy === '' ? {} : { HTTP_PROXY: httpProxy }),
    ...(httpsProxy === '' ? {} : { HTTPS_PROXY: httpsProxy }),
    NO_PROXY: noProxy,
  });
}

/** Does fetch go the way that `useProxyFromEnvironment` chose, or does this Node.js have no such switch? */
export function canFollowEnvironment(): boolean {
  return typeof Reflect.get(http, 'setGlobalProxyFromEnv') === 'function';
}
