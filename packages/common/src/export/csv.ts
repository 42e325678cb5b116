/** Formats records as comma-separated values (RFC 4180), safe to open in a spreadsheet. */
import { actionName, reasonName } from '../record/field-names.ts';
import { PACKET_LOG_FIELDS } from '../record/layout.ts';
import type { PacketLogView } from '../record/view.ts';

/** Column names, without a line end: the fields of layout.ts in their order, then `interface`. */
export const PACKET_LOG_CSV_HEADER = [...PACKET_LOG_FIELDS.map(({ name }) => name), 'interface'].join(',');

/** Formats record `i` as one line without a line end; the values are those of `packetLogJson`. */
export function packetLogCsv(view: PacketLogView, i: number, interfaceName: string): string {
  return (
    `${view.timestampNs(i)},${view.srcAddr(i)},${view.dstAddr(i)},${view.ruleId(i)},${view.ifindex(i)},` +
    `${view.frameLength(i)},${view.weight(i)},${view.srcPort(i)},${view.dstPort(i)},${view.etherType(i)},` +
    `${view.vlanId(i)},${view.ipProtocol(i)},${view.tcpFlags(i)},${actionName(view.action(i))},` +
    `${reasonName(view.reason(i))},${csvText(interfaceName)}`
  );
}

/** Matches text that a spreadsheet would read as a formula, also after spaces. */
const FORMULA = /^[\s]*[=+\-@]|^[\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Formats a text cell. Prefixes text that begins like a formula with an apostrophe, which spreadsheets read as text.
 */
export function csvText(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
