/** The URL under which the server is reached. */
import type { TlsPem } from '../../ipc/tls-pem.ts';
import { isLoopback, reachableHost } from './allowed-hosts.ts';
import { Certificate } from './certificate.ts';

/**
 * Returns the URL for `host` of --listen. With TLS it has a name of the certificate, unless the certificate has the
 * host itself, or the server listens on loopback, where another name would lead elsewhere.
 */
export function servedUrl(host: string, port: number, tls: TlsPem | undefined): string {
  if (tls === undefined) return `http://${reachableHost(host)}:${port}`;
  return `https://${nameFor(host, new Certificate(tls))}:${port}`;
}

/** Returns the URL for programs on this machine, which need not check the name. */
export function localUrl(host: string, port: number, tls: TlsPem | undefined): string {
  return `${tls === undefined ? 'http' : 'https'}://${reachableHost(host)}:${port}`;
}

function nameFor(host: string, certificate: Certificate): string {
  const reachable = reachableHost(host);
  if (isLoopback(host) || certificate.covers(reachable)) return reachable;
  return certificate.names.find((name) => name !== 'localhost') ?? reachable;
}
