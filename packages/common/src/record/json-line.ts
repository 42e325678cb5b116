/** Formats records as lines of JSON. */
import { actionName, reasonName } from './field-names.ts';
import { TextCache } from './text-cache.ts';
import type { PacketLogView } from './view.ts';

/**
 * Formats record `i` as one JSON object without a newline: the fields of layout.ts under their names and in their
 * order, then `interface`. Addresses are text, `timestamp_ns` is a string (it exceeds 2^53), `action` and `reason` are
 * words, all other fields numbers; `vlan_id` is 4096 for a priority tag (VLAN id 0).
 */
export function packetLogJson(view: PacketLogView, i: number, interfaceName: string): string {
  // Joining strings is most of the cost: neighbours that repeat from record to record form one string.
  return (
    `{"timestamp_ns":"${view.timestampNs(i)}","src_addr":"${view.srcAddr(i)}","dst_addr":"${view.dstAddr(i)}` +
    `${ruleToWeight(view, i)}${view.srcPort(i)},"dst_port":${view.dstPort(i)}${etherTypeToReason(view, i)}` +
    `${quoted(interfaceName)}}`
  );
}

const ruleTexts = new TextCache(10);

function ruleToWeight(view: PacketLogView, i: number): string {
  const rule = view.ruleId(i);
  const ifindex = view.ifindex(i);
  const length = view.frameLength(i);
  const weight = view.weight(i);
  return (
    ruleTexts.find(rule, ifindex, length, weight) ||
    ruleTexts.keep(
      rule,
      ifindex,
      length,
      weight,
      `","rule_id":${rule},"ifindex":${ifindex},"length":${length},"weight":${weight},"src_port":`,
    )
  );
}

const verdictTexts = new TextCache(8);

function etherTypeToReason(view: PacketLogView, i: number): string {
  const etherType = view.etherType(i);
  const vlan = view.vlanId(i);
  const transport = view.ipProtocol(i) * 256 + view.tcpFlags(i);
  const verdict = view.action(i) * 256 + view.reason(i);
  return (
    verdictTexts.find(etherType, vlan, transport, verdict) ||
    verdictTexts.keep(
      etherType,
      vlan,
      transport,
      verdict,
      `,"ether_type":${etherType},"vlan_id":${vlan},"ip_protocol":${transport >> 8},"tcp_flags":${transport & 0xff}` +
        `,"action":"${actionName(verdict >> 8)}","reason":"${reasonName(verdict & 0xff)}","interface":`,
    )
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
 * Characters that JSON allows and a terminal interprets: DEL and the C1 controls (U+009B begins an escape sequence),
 * line separators, and marks that change the direction of writing.
 */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
