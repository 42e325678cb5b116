/** Finds the sources that are over in the entries of a limit of connections: `struct limit_wide_entry`. Pure. */
import { LIMIT_WIDE_ENTRY } from '@packetlog/bpf';
import type { KernelOffender, LimitStateCopy } from '../../ipc/rule-counts.ts';
import { bucketText } from './bucket-text.ts';
import type { ImageLimit } from './image-limits.ts';

const { size, fields } = LIMIT_WIDE_ENTRY;
/** In `arrival`: it is the end of a block. */
const BLOCKED = 1n;

/** Returns those whose bucket is not empty again, in the order of the table. `state` has the shape of connections. */
export function decodeOffenders(limit: ImageLimit, { table, nowNs }: LimitStateCopy): KernelOffender[] {
  const words = new Uint32Array(table.buffer, table.byteOffset, table.byteLength / 4);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const offenders: KernelOffender[] = [];
  for (let at = 0; at < table.byteLength; at += size) {
    const over = (at + fields.over_since) / 4;
    if (words[over] === 0 && words[over + 1] === 0) continue;
    const time = (field: number) => view.getBigUint64(at + field, true);
    const arrival = time(fields.arrival) & ~BLOCKED;
    if (arrival <= nowNs) continue;
    offenders.push({
      limitRule: limit.ruleId,
      source: bucketText(table.subarray(at + fields.key, at + fields.key + 8), limit.per),
      overSinceNs: time(fields.over_since),
      beganNs: time(fields.began),
      nowNs,
      connections: Number(time(fields.connections)),
      level: Math.min(1, Number(arrival - nowNs) / limit.burstNs),
    });
  }
  return offenders;
}
