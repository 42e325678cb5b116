import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';

/** Returns a view of records in base64, without a partial one at the end. */
export function recordsOf(base64: string): PacketLogView {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const count = Math.floor(bytes.length / PACKET_LOG_SIZE);
  return new PacketLogView(bytes, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
}
