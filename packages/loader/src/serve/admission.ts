/** Who may connect: by token, by protocol, by number. */
import { handshakeSchema, PROTOCOL_VERSION, type Refusal } from '@packetlog/common';
import { sameToken } from './token.ts';

/** Read-only clients. */
export const MAX_CLIENTS = 1000;
/** Places beside those, for clients that may change rules. */
const FOR_ADMINS = 24;

/** Those that are connected already. */
export interface Connected {
  readonly readers: number;
  readonly admins: number;
}

export interface Tokens {
  /** To look. */
  readonly look: string;
  /** To change rules, too. */
  readonly admin: string;
}

/** Why a client with this handshake is rejected, or undefined. */
export function admission(auth: unknown, tokens: Tokens, { readers, admins }: Connected): Refusal | undefined {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success || !sameToken(parsed.data.token, tokens.look)) return unauthorized('token');
  if (parsed.data.admin_token !== undefined && !isAdmin(auth, tokens)) return unauthorized('admin token');
  const { protocol } = parsed.data;
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    const message = `The loader speaks protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
    return { code: 'protocol_mismatch', message };
  }
  const isFull = isAdmin(auth, tokens) ? readers + admins >= MAX_CLIENTS + FOR_ADMINS : readers >= MAX_CLIENTS;
  if (isFull) {
    return {
      code: 'too_many_clients',
      message: `${MAX_CLIENTS} clients are connected already. Close one and try again.`,
    };
  }
  return undefined;
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

function unauthorized(what: string): Refusal {
  return {
    code: 'unauthorized',
    message: `The ${what} is wrong. Run packetlog url as root on that machine, and open the URL that it prints.`,
  };
}
