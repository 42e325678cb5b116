/** Who may connect: by token, by protocol, by number. */
import { handshakeSchema, PROTOCOL_VERSION, type Refusal } from '@packetlog/common';
import { sameToken } from './token.ts';

export const MAX_CLIENTS = 1000;

export interface Tokens {
  /** To look. */
  readonly look: string;
  /** To change rules, too. */
  readonly admin: string;
}

/** Why a client with this handshake is refused, or undefined. `clients` are connected already. */
export function admission(auth: unknown, tokens: Tokens, clients: number): Refusal | undefined {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success || !sameToken(parsed.data.token, tokens.look)) return unauthorized('token');
  if (parsed.data.admin_token !== undefined && !isAdmin(auth, tokens)) return unauthorized('admin token');
  const { protocol } = parsed.data;
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    const message = `The loader speaks protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
    return { code: 'protocol_mismatch', message };
  }
  if (clients >= MAX_CLIENTS) {
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

function unauthorized(what: string): Refusal {
  return {
    code: 'unauthorized',
    message: `The ${what} is not right. Open the URL that packetlog printed when it started.`,
  };
}
