import { type PacketLogView, packetLogJson } from '@packetlog/common';
import { ABSENT } from '../../../text/number.ts';
import { endpointText, exactTime, type PacketRow } from '../../../text/row-text.ts';

/** Returns a packet as one line of text: `2026-01-31T14:03:22.118493000Z deny 203.0.113.7:50211 -> …`. */
export function packetLine(row: PacketRow, timestamp_ns: bigint): string {
  const { action, src, dst, protocol, detail, length, vlan, reason } = row;
  const endpoints = src.addr === ABSENT ? '' : `${endpointText(src)} -> ${endpointText(dst)} `;
  return [
    `${exactTime(timestamp_ns)} ${action} ${endpoints}${protocol}${present(' ', detail)}`,
    `${length} bytes`,
    `on ${row.interface}${present(' vlan ', vlan)}`,
    ...(reason === ABSENT ? [] : [reason]),
  ].join(', ');
}

/** Protocol numbers of ICMP and ICMPv6. */
const ICMP: ReadonlySet<number> = new Set([1, 58]);

function present(before: string, text: string): string {
  return text === ABSENT ? '' : before + text;
}

/**
 * Returns the JSON of `packetlog --print json`, one field per line. For ICMP it has type and code, which the record
 * stores as a port.
 */
export function packetJson(view: PacketLogView, i: number, interfaceName: string): string {
  const record = JSON.parse(packetLogJson(view, i, interfaceName)) as Record<string, unknown>;
  const named = Object.entries(record).flatMap(([name, value]) => {
    if (!ICMP.has(view.ipProtocol(i))) return [[name, value]];
    if (name === 'src_port') return [];
    return name === 'dst_port'
      ? [
          ['icmp_type', Number(value) >> 8],
          ['icmp_code', Number(value) & 0xff],
        ]
      : [[name, value]];
  });
  return JSON.stringify(Object.fromEntries(named), null, 2);
}
