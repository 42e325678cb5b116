/** Fingerprint of the layouts that program and loader share, besides the types of the maps. */
import { createHash } from 'node:crypto';
import * as bpf from '@packetlog/bpf';
import { PACKET_LOG_FIELDS } from '@packetlog/common';

/** Not shared with a later loader: the object's path, its programs, and what is fixed when it is loaded. */
const OWN: ReadonlySet<string> = new Set(['OBJECT_PATH', 'PROGRAMS', 'KNOBS']);

/**
 * Names that changed while the layout did not, with the older name, which is hashed: a loader adopts the maps of
 * versions that had the older names. Add a name here when you change it, and delete all of them with the layout.
 */
const OLDER_NAMES: Readonly<Record<string, string>> = {};

/** Returns a hash that is equal for two loaders if each understands what the other's program wrote into its maps. */
export function layoutFingerprint(): string {
  const shared = Object.entries(bpf)
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => [olderName(name), withOlderNames(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([shared, PACKET_LOG_FIELDS]))
    .digest('hex')
    .slice(0, 16);
}

function olderName(name: string): string {
  return OLDER_NAMES[name] ?? name;
}

function withOlderNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [olderName(name), withOlderNames(each)]));
}
