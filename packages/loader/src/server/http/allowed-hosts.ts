/**
 * Checks Host and Origin headers against exact lists. CORS does not stop a foreign page's WebSocket, and a foreign name
 * can be made to resolve to this server (DNS rebinding).
 */
import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { Certificate } from './certificate.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const ANY = new Set(['0.0.0.0', '::', '[::]']);

export interface Allowed {
  hosts: ReadonlySet<string>;
  origins: ReadonlySet<string>;
  /** With TLS: whether this host with its port is a name of the certificate. */
  isOwnName?: (host: string) => boolean;
  /** Whether the request comes through a hub, which no foreign page can use: its headers are those of the hub. */
  isRelayed?: (request: Pick<IncomingMessage, 'socket'>) => boolean;
}

/** Returns the host under which a browser on this machine reaches a server that listens on `host`. */
export function reachableHost(host: string): string {
  return ANY.has(host) ? 'localhost' : bracketed(host);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Returns the allowed headers. `listening` is the host from --listen; `extra` lists origins of other pages, such as a
 * reverse proxy's. With TLS, the names of the certificate are allowed: DNS rebinding cannot use them.
 */
export function allowedFor(
  listening: string,
  port: number,
  extra: readonly string[],
  certificate?: Pick<Certificate, 'covers'>,
): Allowed {
  const host = listening.toLowerCase();
  const names = new Set(isLoopback(host) ? LOOPBACK : []);
  if (ANY.has(host)) for (const name of [...LOOPBACK, ...ownAddresses()]) names.add(name);
  else names.add(bracketed(host));
  const [scheme, defaultPort] = certificate === undefined ? ['http', 80] : ['https', 443];
  const hosts = new Set(
    [...names].flatMap((name) => (port === defaultPort ? [name, `${name}:${port}`] : [`${name}:${port}`])),
  );
  const origins = new Set([...hosts].map((each) => `${scheme}://${each}`));
  for (const origin of extra) {
    origins.add(origin);
    hosts.add(new URL(origin).host);
  }
  if (certificate === undefined) return { hosts, origins };
  return { hosts, origins, isOwnName: (given) => isNameOf(certificate, given, port) };
}

function isNameOf(certificate: Pick<Certificate, 'covers'>, host: string, port: number): boolean {
  const url = URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : undefined;
  return url?.host === withoutDefault(host) && Number(url.port || 443) === port && certificate.covers(url.hostname);
}

const withoutDefault = (host: string) => host.replace(/:443$/, '');

/** The header that is not allowed. */
export type ForeignHeader = 'Host' | 'Origin';

/** Returns why a request is rejected, or undefined if it is allowed. Programs other than browsers send no Origin. */
export function foreignHeader(
  allowed: Allowed,
  host: string | undefined,
  origin: string | undefined,
): ForeignHeader | undefined {
  if (host === undefined || !isAllowedHost(allowed, host.toLowerCase())) return 'Host';
  if (origin !== undefined && !isAllowedOrigin(allowed, origin.toLowerCase())) return 'Origin';
  return undefined;
}

/**
 * Does the same for a request. Several Host headers count as none (RFC 9112 section 3.2): a proxy may have checked
 * another one than Node.js, which uses the first.
 */
export function foreignHeaderOf(
  allowed: Allowed,
  request: Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'socket'>,
): ForeignHeader | undefined {
  if (allowed.isRelayed?.(request) === true) return undefined;
  const { headers, headersDistinct } = request;
  const [host, another] = headersDistinct['host'] ?? [];
  return foreignHeader(allowed, another === undefined ? host : undefined, headers.origin);
}

function isAllowedHost({ hosts, isOwnName }: Allowed, host: string): boolean {
  return hosts.has(host) || (isOwnName?.(host) ?? false);
}

function isAllowedOrigin({ origins, isOwnName }: Allowed, origin: string): boolean {
  const [, host] = /^https:\/\/(.*)$/.exec(origin) ?? [];
  return origins.has(origin) || (host !== undefined && (isOwnName?.(host) ?? false));
}

/** Puts an IPv6 address in brackets as URLs do: "::1" becomes "[::1]". */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => bracketed(address)),
  );
}
