/** Decides which clients may connect: by token, by protocol version and by number of clients. */
import { handshakeSchema, PROTOCOL_VERSION, type Rejection } from '@packetlog/common';
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
): Rejection | undefined {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success || !hasDigest(parsed.data.token, tokens.readOnly)) return unauthorized('token');
  if (parsed.data.admin_token !== undefined && !isAdmin(auth, tokens)) return unauthorized('admin token');
  const { protocol } = parsed.data;
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    const message = `The loader uses protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
    return { code: 'protocol_mismatch', message };
  }
  if (isAdmin(auth, tokens)) {
    return readers + admins >= limits.readers + limits.admins ? tooMany(readers + admins, '') : undefined;
  }
  if (readers >= limits.readers) return tooMany(readers, '');
  return readersFromThere >= limits.readersPerAddress ? tooMany(readersFromThere, ' from this address') : undefined;
}

/** Returns whether this handshake may change rules. */
export function isAdmin(auth: unknown, { admin }: TokenDigests): boolean {
  const given = handshakeSchema.safeParse(auth).data?.admin_token;
  return given !== undefined && hasDigest(given, admin);
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
