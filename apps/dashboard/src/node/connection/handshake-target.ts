import { filterOfHash, hashOfFilter } from './filter-hash.ts';
import { defaultLoader, type HandshakeTarget, readHash } from './handshake-url.ts';
import { parseSavedTokens, type SavedTokens, targetOf } from './saved-tokens.ts';

const TOKENS_KEY = 'packetlog-tokens';
const LOADER_KEY = 'packetlog-loader';

/** Tokens and loader, from the address or as this tab was told before. */
export function readHandshakeTarget(): HandshakeTarget {
  const saved: SavedTokens = {
    loader: sessionStorage.getItem(LOADER_KEY),
    tokens: parseSavedTokens(sessionStorage.getItem(TOKENS_KEY)),
  };
  const { target, save } = targetOf(readHash(location.hash), saved, defaultLoader(location));
  sessionStorage.setItem(TOKENS_KEY, JSON.stringify([...save.tokens]));
  if (save.loader === null) sessionStorage.removeItem(LOADER_KEY);
  else sessionStorage.setItem(LOADER_KEY, save.loader);
  return target;
}

/**
 * Removes tokens and loader from the address bar, so that they are in no history, no screenshot and no copied link; they
 * live as long as the tab. The router writes the address, too, when it starts: not before it has.
 */
export function clearHandshakeTarget(): void {
  const hash = new URLSearchParams(location.hash.replace(/^#/, ''));
  if (!['token', 'admin_token', 'loader'].some((name) => hash.has(name))) return;
  history.replaceState(null, '', location.pathname + location.search + hashOfFilter(filterOfHash(location.hash)));
}
