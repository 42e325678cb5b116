import { loaderAddress } from './connection/loader-address.ts';

/** A node added in this browser. */
export interface SavedNode {
  /** Address of its loader; unique. */
  readonly loader: string;
  readonly token: string;
  /** Token to change rules; null for read-only. */
  readonly adminToken: string | null;
  /** '' to use the loader's own name. */
  readonly name: string;
}

/** Each node costs a connection, and 50,000 rows of memory once it was shown. */
export const MAX_NODES = 16;

/** Parses stored nodes, ignoring invalid ones. */
export function parseSavedNodes(text: string | null): SavedNode[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(entries)) return [];
  const nodes: SavedNode[] = [];
  for (const entry of entries as Partial<Record<keyof SavedNode, unknown>>[]) {
    const loader = loaderAddress(typeof entry?.loader === 'string' ? entry.loader : '');
    if (loader === null || typeof entry.token !== 'string' || entry.token === '') continue;
    if (nodes.some((node) => node.loader === loader)) continue;
    nodes.push({
      loader,
      token: entry.token,
      adminToken: typeof entry.adminToken === 'string' && entry.adminToken !== '' ? entry.adminToken : null,
      name: typeof entry.name === 'string' ? entry.name : '',
    });
  }
  return nodes.slice(0, MAX_NODES);
}
