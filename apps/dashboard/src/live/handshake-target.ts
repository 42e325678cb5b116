import { defaultLoader, type HandshakeTarget, readHash } from '../lib/handshake-url.ts';

const TOKEN_KEY = 'packetlog-token';
const LOADER_KEY = 'packetlog-loader';

/**
 * Takes token and loader from the address bar and removes them there, so that they are in no history, no
 * screenshot and no copied link; they live as long as the tab.
 */
export function takeHandshakeTarget(): HandshakeTarget {
  const { token, loader } = readHash(location.hash);
  if (token !== null) {
    sessionStorage.setItem(TOKEN_KEY, token);
    // A new token without a loader means the page's own, not the one of an earlier link.
    if (loader === null) sessionStorage.removeItem(LOADER_KEY);
  }
  if (loader !== null) sessionStorage.setItem(LOADER_KEY, loader);
  if (token !== null || loader !== null) history.replaceState(null, '', location.pathname + location.search);
  return {
    token: sessionStorage.getItem(TOKEN_KEY),
    loader: sessionStorage.getItem(LOADER_KEY) ?? defaultLoader(location),
  };
}
