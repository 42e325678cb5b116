import { parseAddress } from '@packetlog/common';
import { concat, u16 } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import type { Layer } from './layer.ts';
import { ETHER_TYPE } from './link.ts';

export interface Ipv4Options {
  readonly src?: string;
  readonly dst?: string;
  readonly ttl?: number;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In units of 8 bytes, as on the wire. */
  readonly fragmentOffset?: number;
  /** At most 40 bytes, padded here with end-of-options to a multiple of 4. */
  readonly options?: ArrayLike<number>;
  /** The fields below deliberately contradict the correct header. */
  readonly version?: number;
  readonly headerWords?: number;
  readonly totalLength?: number;
  readonly protocol?: number;
}

/** Builds an IPv4 packet (RFC 791). */
export function ipv4(header: Ipv4Options, content: Layer): Layer {
  return { type: ETHER_TYPE.ipv4, bytes: () => ipv4Bytes(header, content) };
}

function ipv4Bytes(header: Ipv4Options, content: Layer): Uint8Array {
  const src = parseAddress(header.src ?? '192.0.2.1').subarray(12);
  const dst = parseAddress(header.dst ?? '192.0.2.2').subarray(12);
  const given = header.options ?? [];
  const options = concat(given, new Uint8Array((4 - (given.length % 4)) % 4));
  const words = 5 + options.length / 4;
  const payload = content.bytes({ src, dst });
  const flags = (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0);

  const bytes = concat(
    [((header.version ?? 4) << 4) | (header.headerWords ?? words), 0],
    u16(header.totalLength ?? words * 4 + payload.length),
    u16(header.id ?? 1),
    u16(flags | (header.fragmentOffset ?? 0)),
    [header.ttl ?? 64, header.protocol ?? content.type],
    u16(0),
    src,
    dst,
    options,
  );
  bytes.set(u16(internetChecksum(bytes)), 10);
  return concat(bytes, payload);
}
