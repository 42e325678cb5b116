/**
 * Backups of a hub's state: one JSON object a line. The first names the format, the last has the number of lines between,
 * so that a backup that was cut off is not restored. A backup holds the hub's private key: only its owner may read it.
 */
import type { HubState } from './hub-state.ts';

const FORMAT = 1;
/** Blobs are named in values by their digests. */
const DIGEST = /\b[0-9a-f]{64}\b/g;
/** Who leads now is no part of the state. */
const LEASES = 'lease/';

/** Yields the lines with their line feeds: all values as they are at one moment, then the blobs that they name. */
export async function* backupLines(state: HubState, nowMs: number): AsyncGenerator<string> {
  const stored = [...(await state.list(''))].filter(([key]) => !key.startsWith(LEASES));
  yield line({ packetlog_hub_backup: FORMAT, at_ms: nowMs });
  let lines = 0;
  const digests = new Set<string>();
  for (const [key, { value }] of stored) {
    lines += 1;
    yield line({ key, value });
    for (const [digest] of value.matchAll(DIGEST)) digests.add(digest);
  }
  for (const digest of digests) {
    const bytes = await state.getBlob(digest);
    // Not every digest names a blob.
    if (bytes === undefined) continue;
    lines += 1;
    yield line({ blob: Buffer.from(bytes).toString('base64') });
  }
  yield line({ end: lines });
}

/** What a backup holds. */
export interface Backup {
  readonly values: ReadonlyMap<string, string>;
  readonly blobs: readonly Uint8Array[];
}

/** Throws an Error if the text is no whole backup. */
export function readBackup(text: string): Backup {
  const [first, ...rest] = text.trimEnd().split('\n').map(objectOf);
  const last = rest.pop();
  if (first?.['packetlog_hub_backup'] !== FORMAT) throw new Error('it is no backup of a hub, or of another version');
  if (last?.['end'] !== rest.length) throw new Error('it is not whole');
  const values = new Map<string, string>();
  const blobs: Uint8Array[] = [];
  for (const { key, value, blob } of rest) {
    if (typeof key === 'string' && typeof value === 'string') values.set(key, value);
    else if (typeof blob === 'string') blobs.push(Buffer.from(blob, 'base64'));
    else throw new Error('a line of it is malformed');
  }
  return { values, blobs };
}

/** Writes a backup into an empty state. Throws an Error if it is not empty. */
export async function restoreBackup(state: HubState, { values, blobs }: Backup): Promise<void> {
  if ((await state.list('')).size > 0) throw new Error('the state is not empty');
  // Values name blobs: a hub that is killed in between leaves blobs that no value names.
  for (const blob of blobs) await state.putBlob(blob);
  for (const [key, value] of values) await state.put(key, value, 0);
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
