/** The newest records as text: a table, or the lines that `capture` writes. */
import {
  actionName,
  etherTypeName,
  PACKET_LOG_CSV_HEADER,
  type PacketLogView,
  packetLogCsv,
  packetLogJson,
  protocolName,
  reasonName,
  tcpFlagsText,
} from '@packetlog/common';
import { aligned, utcText } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';
import type { QueryFormat } from './result-table.ts';

const HEADINGS = ['time (UTC)', 'source', 'port', 'destination', 'port', 'proto', 'flags', 'interface', 'length'];
const LAST_HEADINGS = ['weight', 'verdict', 'reason'];
const TEXTS = new Set([0, 1, 3, 5, 6, 7, 10, 11]);

/** `nameOf`: name of the interface of a row. */
export function* formattedRows(
  view: PacketLogView,
  nameOf: (row: number) => string,
  format: QueryFormat,
): Generator<string> {
  if (format === 'table') {
    const rows = Array.from({ length: view.length }, (_, i) => cells(view, i, printableName(nameOf(i))));
    for (const line of aligned([[...HEADINGS, ...LAST_HEADINGS], ...rows], TEXTS)) yield `${line}\n`;
    return;
  }
  if (format === 'csv') yield `${PACKET_LOG_CSV_HEADER}\n`;
  const lineOf = format === 'csv' ? packetLogCsv : packetLogJson;
  for (let i = 0; i < view.length; i++) yield `${lineOf(view, i, nameOf(i))}\n`;
}

function cells(view: PacketLogView, i: number, interfaceName: string): string[] {
  const hasPorts = view.portsRead(i);
  const hasAddresses = view.addressesRead(i);
  const reason = reasonName(view.reason(i));
  return [
    utcText(view.timestampNs(i)),
    hasAddresses ? view.srcAddr(i) : '-',
    hasPorts ? String(view.srcPort(i)) : '-',
    hasAddresses ? view.dstAddr(i) : '-',
    hasPorts ? String(view.dstPort(i)) : '-',
    view.isIp(i) ? protocolName(view.ipProtocol(i)) : etherTypeName(view.etherType(i)),
    view.ipProtocol(i) === TCP ? tcpFlagsText(view.tcpFlags(i)) : '-',
    interfaceName,
    String(view.frameLength(i)),
    String(view.weight(i)),
    actionName(view.action(i)),
    reason === 'none' ? '' : reason,
  ];
}

const TCP = 6;
