/** Records as lines of JSON. */
import { actionName, reasonName } from './names.ts';
import type { PacketLogView } from './view.ts';

/**
 * Record `i` as one JSON object without a newline: the fields of layout.ts under their names and in
 * their order, then `interface`. Addresses are text, `timestamp_ns` is a string (it is past 2^53),
 * `action` and `reason` are words, all else numbers.
 */
export function packetLogJson(view: PacketLogView, i: number, interfaceName: string): string {
  return (
    `{"timestamp_ns":"${view.timestampNs(i)}"` +
    `,"src_addr":"${view.srcAddr(i)}"` +
    `,"dst_addr":"${view.dstAddr(i)}"` +
    `,"rule_id":${view.ruleId(i)}` +
    `,"ifindex":${view.ifindex(i)}` +
    `,"length":${view.frameLength(i)}` +
    `,"weight":${view.weight(i)}` +
    `,"src_port":${view.srcPort(i)}` +
    `,"dst_port":${view.dstPort(i)}` +
    `,"ether_type":${view.etherType(i)}` +
    `,"vlan_id":${view.vlanId(i)}` +
    `,"ip_protocol":${view.ipProtocol(i)}` +
    `,"tcp_flags":${view.tcpFlags(i)}` +
    `,"action":"${actionName(view.action(i))}"` +
    `,"reason":"${reasonName(view.reason(i))}"` +
    `,"interface":${quoted(interfaceName)}}`
  );
}

const QUOTED_LIMIT = 256;
const quotedNames = new Map<string, string>();

function quoted(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) {
    if (quotedNames.size >= QUOTED_LIMIT) quotedNames.clear();
    text = JSON.stringify(name).replace(TERMINAL_CONTROLS, asEscape);
    quotedNames.set(name, text);
  }
  return text;
}

/**
 * What JSON lets through and a terminal obeys: DEL and the C1 controls (U+009B begins an escape
 * sequence), line separators, marks that turn the direction of writing.
 */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
