/** Which clients may connect: by token, by protocol, by number. */
import { handshakeSchema, PROTOCOL_VERSION, type Refusal } from '@packetlog/common';
import { sameToken } from './token.ts';

/** How many clients there may be. */
export interface ClientLimits {
  /** Read-only ones. */
  readonly readers: number;
  /** Places beside those, for clients that may change rules. */
  readonly admins: number;
  /** Read-only ones from one address; not for loopback. */
  readonly readersPerAddress: number;
}

export const CLIENT_LIMITS: ClientLimits = { readers: 1000, admins: 24, readersPerAddress: 256 };

/** Clients that are connected already. */
export interface Connected {
  readonly readers: number;
  readonly admins: number;
  /** Of `readers`, those from the address of the new client; 0 where addresses are not told apart. */
  readonly readersFromThere: number;
}

export interface Tokens {
  /** To look. */
  readonly look: string;
  /** To change rules, too. */
  readonly admin: string;
}

/** Why a client with this handshake is rejected, or undefined. */
export function admission(
  auth: unknown,
  tokens: Tokens,
  { readers, admins, readersFromThere }: Connected,
  limits: ClientLimits,
): Refusal | undefined {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success || !sameToken(parsed.data.token, tokens.look)) return unauthorized('token');
  if (parsed.data.admin_token !== undefined && !isAdmin(auth, tokens)) return unauthorized('admin token');
  const { protocol } = parsed.data;
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    const message = `The loader speaks protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
    return { code: 'protocol_mismatch', message };
  }
  if (isAdmin(auth, tokens)) {
    return readers + admins >= limits.readers + limits.admins ? tooMany(readers + admins, '') : undefined;
  }
  if (readers >= limits.readers) return tooMany(readers, '');
  return readersFromThere >= limits.readersPerAddress ? tooMany(readersFromThere, ' from this address') : undefined;
}

/** Whether this handshake may change rules. */
export function isAdmin(auth: unknown, { admin }: Tokens): boolean {
  const given = handshakeSchema.safeParse(auth).data?.admin_token;
  return given !== undefined && sameToken(given, admin);
}

/** For an address that has shown too many wrong tokens. */
export function waitForTokens(seconds: number): Refusal {
  return {
    code: 'unauthorized',
    message: `Too many wrong tokens came from this address. Wait ${seconds} s, then open the URL that packetlog url prints.`,
  };
}

function tooMany(clients: number, where: string): Refusal {
  const message = `${clients} clients are connected${where} already. Close one and try again.`;
  return { code: 'too_many_clients', message };
}

function unauthorized(what: string): Refusal {
  return {
    code: 'unauthorized',
    message: `The ${what} is wrong. Run packetlog url as root on that machine, and open the URL that it prints.`,
  };
}
