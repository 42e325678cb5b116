/** The path of a node at a hub. */
const NODE_PATH = /^\/nodes\/[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?\/?$/;

/** Returns the address of a node at a hub: 'https://hub.example/nodes/web1/'. `hub` is the origin of the hub. */
export function nodeAddress(hub: string, node: string): string {
  return `${hub}/nodes/${node}/`;
}

/** Returns the name of a node at a hub: 'web1' of 'https://hub.example/nodes/web1/'. */
export function nodeOfAddress(address: string): string {
  return address.split('/').at(-2) ?? '';
}

/** Returns whether an address is that of a node at this hub. */
export function isNodeOf(hub: string, address: string): boolean {
  return address.startsWith(`${hub}/nodes/`) && loaderAddress(address) === address;
}

/**
 * Returns the address of a loader in its usual form: the origin of an http(s) URL, and the path of a node if it is one at a
 * hub. null for anything else.
 */
export function loaderAddress(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  return NODE_PATH.test(pathname) ? `${origin}${pathname.replace(/\/?$/, '/')}` : origin;
}

/** Splits an address: socket.io takes the path of its URL for a namespace. */
export function socketAddress(loader: string): { origin: string; path: string } {
  const { origin, pathname } = URL.canParse(loader) ? new URL(loader) : { origin: loader, pathname: '/' };
  return { origin, path: `${pathname}socket.io/` };
}
