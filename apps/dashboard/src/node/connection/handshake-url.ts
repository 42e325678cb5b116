import { loaderAddress } from './loader-address.ts';

/** Loader and tokens of the page's hash: `#token=...&admin_token=...&loader=http://host:7411`. */
export interface HandshakeTarget {
  readonly token: string | null;
  /** Token to change rules. */
  readonly adminToken: string | null;
  /** Address of the loader: an origin, or that of a node at a hub. */
  readonly loader: string;
}

export const LOADER_PORT = 7411;
const NEXT_DEV_PORT = '3000';

/** Parts of a hash; null if absent or invalid. */
export interface Hash {
  readonly token: string | null;
  readonly adminToken: string | null;
  readonly loader: string | null;
}

/** Parses a hash. */
export function readHash(hash: string): Hash {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    token: values.get('token') || null,
    adminToken: values.get('admin_token') || null,
    loader: loaderAddress(values.get('loader') ?? ''),
  };
}

/** Returns the default loader: the page's origin, or under `next dev` the local loader. */
export function defaultLoader(page: { origin: string; protocol: string; hostname: string; port: string }): string {
  return page.port === NEXT_DEV_PORT ? `${page.protocol}//${page.hostname}:${LOADER_PORT}` : page.origin;
}
