/** Decides which clients may connect: by token, by protocol version and by number of clients. */
import { handshakeSchema, PROTOCOL_VERSION, type Rejection } from '@packetlog/common';
import type { GrantedPerson } from '../../ipc/fleet/fleet-access.ts';
import { hasDigest, type TokenDigests } from '../../ipc/token-digest.ts';

/** Maximum numbers of clients. */
export interface ClientLimits {
  /** Read-only clients. */
  readonly readers: number;
  /** Places for clients that may change rules, in addition to `readers`. */
  readonly admins: number;
  /** Read-only clients from one address; does not apply to loopback. */
  readonly readersPerAddress: number;
}

export const CLIENT_LIMITS: ClientLimits = { readers: 1000, admins: 24, readersPerAddress: 256 };

/** Returns whom a hub's grant lets use this loader; undefined if the token is none that is valid now. */
export type Granted = (token: string) => GrantedPerson | undefined;
const noGrants: Granted = () => undefined;

/** Clients that are already connected. */
export interface Connected {
  readonly readers: number;
  readonly admins: number;
  /** The number of `readers` from the new client's address; 0 where addresses are not limited separately. */
  readonly readersFromThere: number;
}

/** Returns why a client with this handshake is rejected, or undefined if it is admitted. */
export function admission(
  auth: unknown,
  tokens: TokenDigests,
  { readers, admins, readersFromThere }: Connected,
  limits: ClientLimits,
  granted = noGrants,
): Rejection | undefined {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success || !mayRead(parsed.data.token, tokens, granted)) return unauthorized('token');
  if (parsed.data.admin_token !== undefined && !isAdmin(auth, tokens, granted)) return unauthorized('admin token');
  const { protocol } = parsed.data;
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    const message = `The loader uses protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
    return { code: 'protocol_mismatch', message };
  }
  if (isAdmin(auth, tokens, granted)) {
    return readers + admins >= limits.readers + limits.admins ? tooMany(readers + admins, '') : undefined;
  }
  if (readers >= limits.readers) return tooMany(readers, '');
  return readersFromThere >= limits.readersPerAddress ? tooMany(readersFromThere, ' from this address') : undefined;
}

/** Returns whether this handshake may change rules. */
export function isAdmin(auth: unknown, { admin }: TokenDigests, granted = noGrants): boolean {
  const given = handshakeSchema.safeParse(auth).data?.admin_token;
  return given !== undefined && (hasDigest(given, admin) || granted(given)?.mayChange === true);
}

/** Returns who sent this handshake, for limits of each person; undefined if it has a token of this loader. */
export function personOf(auth: unknown, granted: Granted): string | undefined {
  const given = handshakeSchema.safeParse(auth).data?.token;
  return given === undefined ? undefined : granted(given)?.person;
}

function mayRead(token: string, { readOnly }: TokenDigests, granted: Granted): boolean {
  return hasDigest(token, readOnly) || granted(token) !== undefined;
}

/** Builds the rejection for an address that has sent too many wrong tokens. */
export function waitForTokens(seconds: number): Rejection {
  return {
    code: 'unauthorized',
    message: `Too many wrong tokens came from this address. Wait ${seconds} s, then open the URL that packetlog url prints.`,
  };
}

function tooMany(clients: number, where: string): Rejection {
  const message = `${clients} clients are connected${where} already. Close one and try again.`;
  return { code: 'too_many_clients', message };
}

function unauthorized(what: string): Rejection {
  return {
    code: 'unauthorized',
    message: `The ${what} is wrong. Run packetlog url as root on that machine, and open the URL that it prints.`,
  };
}
