import { filterOfHash, hashOfFilter } from '../lib/filter-text.ts';
import { defaultLoader, type HandshakeTarget, readHash } from '../lib/handshake-url.ts';

const TOKEN_KEY = 'packetlog-token';
const ADMIN_TOKEN_KEY = 'packetlog-admin-token';
const LOADER_KEY = 'packetlog-loader';

/** Tokens and loader, from the address or as this tab was told before. */
export function readHandshakeTarget(): HandshakeTarget {
  const { token, adminToken, loader } = readHash(location.hash);
  if (token !== null) {
    sessionStorage.setItem(TOKEN_KEY, token);
    // A new token without a loader means the page's own, not the one of an earlier link.
    if (loader === null) sessionStorage.removeItem(LOADER_KEY);
    // The URL to look with takes back what an earlier one to change rules with has given.
    if (adminToken === null) sessionStorage.removeItem(ADMIN_TOKEN_KEY);
  }
  if (adminToken !== null) sessionStorage.setItem(ADMIN_TOKEN_KEY, adminToken);
  if (loader !== null) sessionStorage.setItem(LOADER_KEY, loader);
  return {
    token: sessionStorage.getItem(TOKEN_KEY),
    adminToken: sessionStorage.getItem(ADMIN_TOKEN_KEY),
    loader: sessionStorage.getItem(LOADER_KEY) ?? defaultLoader(location),
  };
}

/**
 * Removes tokens and loader from the address bar, so that they are in no history, no screenshot and no copied link; they
 * live as long as the tab. The router writes the address, too, when it starts: not before it has.
 */
export function clearHandshakeTarget(): void {
  const { token, adminToken, loader } = readHash(location.hash);
  if (token === null && adminToken === null && loader === null) return;
  history.replaceState(null, '', location.pathname + location.search + hashOfFilter(filterOfHash(location.hash)));
}
