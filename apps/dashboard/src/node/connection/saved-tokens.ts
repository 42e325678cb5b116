import type { HandshakeTarget, Hash } from './handshake-url.ts';

/** Those of one loader, which no other may be sent. */
export interface LoaderTokens {
  readonly token: string;
  /** For those who change rules. */
  readonly adminToken: string | null;
}

/** What a tab keeps. */
export interface SavedTokens {
  /** Origin of the loader that an address named; null for the page's own. */
  readonly loader: string | null;
  /** By the loader's origin. */
  readonly tokens: ReadonlyMap<string, LoaderTokens>;
}

/**
 * Whom the page asks with which tokens, and what it keeps. `own`: origin of the page's own loader. An address that names
 * another loader counts only if it brings the token for it: a link must not have tokens sent where they do not belong.
 */
export function targetOf(
  { token, adminToken, loader }: Hash,
  saved: SavedTokens,
  own: string,
): { target: HandshakeTarget; save: SavedTokens } {
  // A token without a loader is for the page's own, not for the one of an earlier link.
  const named = token === null ? saved.loader : loader;
  const origin = named ?? own;
  const tokens = new Map(saved.tokens);
  // The URL to look with takes back what an earlier one to change rules with has given.
  if (token !== null) tokens.set(origin, { token, adminToken });
  const known = tokens.get(origin);
  if (token === null && adminToken !== null && known !== undefined && loader === null)
    tokens.set(origin, { ...known, adminToken });
  const { token: use = null, adminToken: useAdmin = null } = tokens.get(origin) ?? {};
  return {
    target: { token: use, adminToken: useAdmin, loader: origin },
    save: { loader: named === own ? null : named, tokens },
  };
}

/** What was kept, as far as it can still be used. */
export function parseSavedTokens(text: string | null): Map<string, LoaderTokens> {
  let entries: unknown;
  try {
    entries = JSON.parse(text ?? '[]');
  } catch {
    return new Map();
  }
  if (!Array.isArray(entries)) return new Map();
  const tokens = new Map<string, LoaderTokens>();
  for (const entry of entries as unknown[]) {
    if (!Array.isArray(entry)) continue;
    const [origin, value] = entry as [unknown, Partial<Record<keyof LoaderTokens, unknown>> | null];
    if (typeof origin !== 'string' || typeof value?.token !== 'string' || value.token === '') continue;
    tokens.set(origin, {
      token: value.token,
      adminToken: typeof value.adminToken === 'string' ? value.adminToken : null,
    });
  }
  return tokens;
}
