import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, hasPorts, PACKET_LOG_SIZE } from '@packetlog/common';
import {
  byteOf,
  halfOf,
  RECORD_HALVES,
  RECORD_WORDS,
  type RecordArrays,
  wordOf,
} from '../../node/rows/record-arrays.ts';

export const SRC = wordOf('src_addr');
export const DST = wordOf('dst_addr');
const SRC_PORT = halfOf('src_port');
const DST_PORT = halfOf('dst_port');
const ETHER_TYPE = halfOf('ether_type');
const PROTOCOL = byteOf('ip_protocol');

/** 1 for each protocol that has ports. */
export const HAS_PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));
/** First ephemeral port on Linux; most other systems begin at 49152. */
export const FIRST_EPHEMERAL_PORT = 32_768;
/** Set in the service of a reply. */
export const REPLY = 0x1_0000;

/** Returns the service port, marked if it is the source's; for ICMP, type and code. */
export function serviceOf({ halves, bytes }: RecordArrays, slot: number): number {
  const half = slot * RECORD_HALVES;
  const etherType = halves[half + ETHER_TYPE];
  if (etherType !== ETHER_TYPE_IPV4 && etherType !== ETHER_TYPE_IPV6) return 0;
  const from = halves[half + SRC_PORT] as number;
  const to = halves[half + DST_PORT] as number;
  const isReply =
    HAS_PORTS[bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number] === 1 &&
    to >= FIRST_EPHEMERAL_PORT &&
    from < FIRST_EPHEMERAL_PORT &&
    from !== 0;
  return isReply ? from | REPLY : to;
}

/** Returns a hash of source, destination, protocol and service. */
export function hashOf({ words, bytes }: RecordArrays, slot: number, service: number): number {
  const at = slot * RECORD_WORDS;
  let hash = Math.imul(service ^ ((bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number) << 20), 0x9e3779b1);
  for (let i = 0; i < 4; i++) {
    hash = Math.imul(hash ^ (words[at + SRC + i] as number), 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ (words[at + DST + i] as number), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  return hash ^ (hash >>> 16);
}
