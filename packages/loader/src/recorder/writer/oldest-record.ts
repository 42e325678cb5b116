import { FIELD_OFFSETS, PACKET_LOG_SIZE } from '@packetlog/common';

/** Returns the earliest time of records, ns since the epoch; they are in order per CPU only. There must be one. */
export function oldestOf(records: Uint8Array): bigint {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let oldest = view.getBigUint64(FIELD_OFFSETS.timestamp_ns, true);
  for (let at = 0; at < records.length; at += PACKET_LOG_SIZE) {
    const time = view.getBigUint64(at + FIELD_OFFSETS.timestamp_ns, true);
    if (time < oldest) oldest = time;
  }
  return oldest;
}
