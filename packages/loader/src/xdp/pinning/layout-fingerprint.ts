/** Fingerprint of what program and loader share besides the kinds of the maps. */
import { createHash } from 'node:crypto';
import * as bpf from '@packetlog/bpf';
import { PACKET_LOG_FIELDS } from '@packetlog/common';

/** Not shared with a later loader: the object's path, its programs, and what is fixed when it is loaded. */
const OWN: ReadonlySet<string> = new Set(['OBJECT_PATH', 'PROGRAMS', 'KNOBS']);

/** Returns a hash that is equal for two loaders if each understands what the other's program wrote into its maps. */
export function layoutFingerprint(): string {
  const shared = Object.entries(bpf)
    .filter(([name]) => !OWN.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([shared, PACKET_LOG_FIELDS]))
    .digest('hex')
    .slice(0, 16);
}
