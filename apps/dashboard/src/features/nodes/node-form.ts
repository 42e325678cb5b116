import { readHash } from '../../node/connection/handshake-url.ts';
import { loaderAddress } from '../../node/connection/loader-address.ts';
import { MAX_NODES, type SavedNode } from '../../node/saved-nodes.ts';

export interface NodeForm {
  readonly address: string;
  readonly token: string;
  readonly name: string;
}

export type NodeFormResult =
  | { readonly ok: true; readonly node: SavedNode }
  | { readonly ok: false; readonly field: keyof NodeForm; readonly sentence: string };

/**
 * Validates the form of a node. The address may be the whole printed URL; its tokens count unless a token was entered.
 * `taken` are the addresses of known nodes, `page` is the address of this page.
 */
export function readNodeForm(form: NodeForm, taken: readonly string[], page: { protocol: string }): NodeFormResult {
  const text = form.address.trim();
  const loader = loaderAddress(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  const rejected = (field: keyof NodeForm, sentence: string) => ({ ok: false, field, sentence }) as const;
  if (text === '') return rejected('address', 'Enter the address of its loader, such as http://web-2:7411.');
  if (loader === null) return rejected('address', 'Not the address of a loader. Enter one such as http://web-2:7411.');
  if (taken.includes(loader)) return rejected('address', `${loader} is already in the list.`);
  if (taken.length >= MAX_NODES) return rejected('address', `A page watches at most ${MAX_NODES} nodes.`);
  if (page.protocol === 'https:' && loader.startsWith('http:') && !isLoopback(loader))
    return rejected(
      'address',
      'This page was loaded over https, so the browser lets it connect only to https addresses.',
    );
  const printed = readHash(URL.canParse(text) ? new URL(text).hash : '');
  const token = form.token.trim() || printed.token;
  if (token === null) return rejected('token', 'Enter the token that packetlog printed there when it started.');
  if (token.length > 256) return rejected('token', 'A token has at most 256 characters.');
  return { ok: true, node: { loader, token, adminToken: printed.adminToken, name: form.name.trim().slice(0, 64) } };
}

function isLoopback(origin: string): boolean {
  return /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
}
