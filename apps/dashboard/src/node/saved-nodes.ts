/** A node that somebody added in this browser. */
export interface SavedNode {
  /** Origin of its loader: no two nodes have the same. */
  readonly loader: string;
  readonly token: string;
  /** For changing its rules; null: only to look. */
  readonly adminToken: string | null;
  /** '' for what the loader calls itself. */
  readonly name: string;
}

/** Each is a connection, and 50,000 rows once it was looked at. */
export const MAX_NODES = 16;

/** What was kept, as far as it can still be used. */
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
    const loader = httpOrigin(typeof entry?.loader === 'string' ? entry.loader : '');
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

/** Origin of a loader's address; null where it is none. */
export function httpOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? origin : null;
}
