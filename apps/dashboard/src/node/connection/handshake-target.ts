import { defaultLoader, type HandshakeTarget, readHash } from './handshake-url.ts';
import { parseSavedTokens, type SavedTokens, targetOf } from './saved-tokens.ts';
import { hashOfView, viewOfHash } from './view-hash.ts';

const TOKENS_KEY = 'packetlog-tokens';
const LOADER_KEY = 'packetlog-loader';

/** Reads loader and tokens from the address bar, or those stored in this tab. */
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
 * Removes tokens and loader from the address bar, so that they are in no history, screenshot or copied link. They are
 * stored for the lifetime of the tab. Call it only after the router has started, because the router also writes the address.
 */
export function clearHandshakeTarget(): void {
  const hash = new URLSearchParams(location.hash.replace(/^#/, ''));
  if (!['token', 'admin_token', 'loader'].some((name) => hash.has(name))) return;
  history.replaceState(null, '', location.pathname + location.search + hashOfView(viewOfHash(location.hash)));
}
