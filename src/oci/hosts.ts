import { isLoopbackHost } from './names';

/** What is known of a registry's host beside its name. */
interface HostSettings {
  /** It speaks http, and that is wanted. */
  readonly plainHttp: boolean;
  /** Certificates of its authority, PEM: trusted for this host alone. */
  readonly authority: string | undefined;
  /** The host by which what is named after this one is pushed and asked for. */
  readonly push: string | undefined;
}

/** By `name[:port]`. */
export type RegistryHosts = ReadonlyMap<string, HostSettings>;

/** No host is special. */
export const noHosts: RegistryHosts = new Map();

/** The host that is talked to for images of this name. */
export function pushHost(hosts: RegistryHosts, host: string): string {
  return hosts.get(host)?.push ?? host;
}

/** Is http spoken with this host: this very machine, as Docker does, or one that was named for it? */
export function speaksHttp(hosts: RegistryHosts, host: string): boolean {
  return isLoopbackHost(host) || hosts.get(host)?.plainHttp === true;
}
