import type { HandshakeTarget, Hash } from './handshake-url.ts';

/** Tokens of one loader, which must not be sent to another. */
export interface LoaderTokens {
  readonly token: string;
  /** Token to change rules. */
  readonly adminToken: string | null;
}

/** Loader and tokens stored in a tab. */
export interface SavedTokens {
  /** Origin of the loader that an address named; null for the page's own. */
  readonly loader: string | null;
  /** By the loader's origin. */
  readonly tokens: ReadonlyMap<string, LoaderTokens>;
}

/**
 * Returns the loader to connect to with its tokens, and the tokens to store. `own` is the origin of the page's loader.
 * An address that names another loader counts only if it brings a token for it: a link must not send tokens to a
 * different loader.
 */
export function targetOf(
  { token, adminToken, loader }: Hash,
  saved: SavedTokens,
  own: string,
): { target: HandshakeTarget; save: SavedTokens } {
  // A token without a loader belongs to the page's own loader, not to that of an earlier link.
  const named = token === null ? saved.loader : loader;
  const origin = named ?? own;
  const tokens = new Map(saved.tokens);
  // A read-only URL revokes the admin token of an earlier URL.
  if (token !== null) tokens.set(origin, { token, adminToken });
  const stored = tokens.get(origin);
  if (token === null && adminToken !== null && stored !== undefined && loader === null)
    tokens.set(origin, { ...stored, adminToken });
  const { token: use = null, adminToken: useAdmin = null } = tokens.get(origin) ?? {};
  return {
    target: { token: use, adminToken: useAdmin, loader: origin },
    save: { loader: named === own ? null : named, tokens },
  };
}

/** Parses stored tokens, ignoring invalid entries. */
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
