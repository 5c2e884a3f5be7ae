import { isHost } from '../oci/names';
import { quoted } from '../system/quoted';
import type { RegistryHost } from '../types';
import type { Mistake } from './inputValues';

const forms = 'HOST=plain-http, HOST=ca:FILE or HOST=push:OTHER-HOST';

/** The input `registry-hosts`: what a registry's host needs, one setting an entry, comma or newline separated. */
export function readRegistryHosts(text: string, mistake: Mistake): ReadonlyMap<string, RegistryHost> {
  const hosts = new Map<string, RegistryHost>();
  for (const entry of text.split(/[,\r\n]/).map((each) => each.trim())) {
    if (entry === '') continue;
    const [, host = '', setting = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
    const wrong = (why: string): void => mistake(`${quoted(entry)} ${why}; an entry is ${forms}`);
    const [, kind, value = ''] = /^(plain-http|ca|push)(?::(.+))?$/.exec(setting) ?? [];
    const before = hosts.get(host) ?? { plainHttp: false, authorityFile: undefined, push: undefined };
    if (!isHost(host)) wrong('names no host, which is name[:port] in small letters');
    else if (kind === 'plain-http' && value === '') hosts.set(host, { ...before, plainHttp: true });
    else if (kind === 'ca' && value !== '') hosts.set(host, { ...before, authorityFile: value });
    else if (kind === 'push' && isHost(value)) hosts.set(host, { ...before, push: value });
    else wrong('is not a setting of a registry');
  }
  return hosts;
}
