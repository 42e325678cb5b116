import { type PacketLogView, packetLogJson } from '@packetlog/common';
import { ABSENT } from './number.ts';
import { endpointText, exactTime, type PacketRow } from './row.ts';

/** One packet as a line to paste into a mail: `2026-01-31T14:03:22.118493000Z deny 203.0.113.7:50211 -> …`. */
export function packetLine(row: PacketRow, timestamp_ns: bigint): string {
  const { action, src, dst, protocol, detail, length, vlan, reason } = row;
  const way = src.addr === ABSENT ? '' : `${endpointText(src)} -> ${endpointText(dst)} `;
  return [
    `${exactTime(timestamp_ns)} ${action} ${way}${protocol}${present(' ', detail)}`,
    `${length} bytes`,
    `on ${row.interface}${present(' vlan ', vlan)}`,
    ...(reason === ABSENT ? [] : [reason]),
  ].join(', ');
}

function present(before: string, text: string): string {
  return text === ABSENT ? '' : before + text;
}

/** The same as `packetlog --print json` writes, but with a line for each field. */
export function packetJson(view: PacketLogView, i: number, interfaceName: string): string {
  return JSON.stringify(JSON.parse(packetLogJson(view, i, interfaceName)), null, 2);
}
