/** Explains a record field by field, in text for people. */
import { type AddressMark, addressMark } from '../address/address-marks.ts';
import type { Filter, NumberField } from '../filter/filter.ts';
import { icmpTypeName } from '../names/icmp-names.ts';
import {
  actionName,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  etherTypeName,
  hasPorts,
  protocolName,
  reasonName,
  vlanName,
} from '../record/field-names.ts';
import { IP_PROTOCOL_NONE, VLAN_PRIORITY_TAG } from '../record/layout.ts';
import type { PacketLog } from '../record/packet-log.ts';
import { addressesRead, icmpRead, portsRead, tcpFlagsRead } from '../record/read-fields.ts';
import { tcpFlagsMeaning, tcpFlagsText } from '../record/tcp-flags.ts';
import {
  actionSentence,
  etherTypeSentence,
  lengthSentence,
  portSentence,
  protocolSentence,
  reasonDetail,
  sentence,
  vlanSentence,
  weightSentence,
} from './field-text.ts';
import { exactUtc } from './utc.ts';

export type ExplainedKey =
  | 'time'
  | 'action'
  | 'reason'
  | 'rule'
  | 'source'
  | 'source_port'
  | 'destination'
  | 'destination_port'
  | 'icmp'
  | 'protocol'
  | 'tcp_flags'
  | 'ether_type'
  | 'vlan'
  | 'length'
  | 'interface'
  | 'weight';

export interface ExplainedField {
  readonly key: ExplainedKey;
  /** `source port`. */
  readonly label: string;
  /** The value in the record, as text; '' where it was not read. */
  readonly value: string;
  /** What the value means: a sentence, or '' where the value needs no explanation. */
  readonly sentence: string;
  /** Set for a special-purpose address. */
  readonly mark?: AddressMark;
  /** Matches packets with the same value in this field; absent where no filter can. */
  readonly filter?: Filter;
}

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;

/**
 * Returns every field that applies to this packet, in reading order. `interfaceName` is undefined if no interface has
 * the number any longer. Escape names and values where text is interpreted, as in HTML: the creator of an interface
 * chooses its name.
 */
export function explainPacket(packet: PacketLog, interfaceName: string | undefined): readonly ExplainedField[] {
  const { action, length, weight, vlan_id, ether_type, rule_id } = packet;
  return [
    { key: 'time', label: 'time', value: exactUtc(packet.timestamp_ns), sentence: 'When it reached the hook, in UTC.' },
    {
      key: 'action',
      label: 'verdict',
      value: actionName(action),
      sentence: actionSentence(action),
      filter: equals('action', action),
    },
    {
      key: 'reason',
      label: 'reason',
      value: reasonName(packet.reason).replaceAll('_', ' '),
      sentence: reasonDetail(packet),
      filter: equals('reason', packet.reason),
    },
    ...(rule_id === 0 ? [] : [ruleField(rule_id)]),
    ...ipFields(packet),
    {
      key: 'ether_type',
      label: 'Ethernet type',
      value: `${etherTypeName(ether_type)} (0x${ether_type.toString(16).padStart(4, '0')})`,
      sentence: etherTypeSentence(ether_type),
      filter: equals('ether_type', ether_type),
    },
    {
      key: 'vlan',
      label: 'VLAN',
      value: vlanName(vlan_id),
      sentence: vlanSentence(vlan_id),
      filter: vlanFilter(vlan_id),
    },
    {
      key: 'length',
      label: 'length',
      value: `${length} bytes`,
      sentence: lengthSentence(length),
      filter: equals('length', length),
    },
    {
      key: 'interface',
      label: 'interface',
      value: interfaceName ?? `#${packet.ifindex}`,
      sentence: interfaceName === undefined ? 'No interface has this number any more.' : 'Where it arrived.',
      ...(interfaceName !== undefined && { filter: { kind: 'interface', name: interfaceName } }),
    },
    {
      key: 'weight',
      label: 'weight',
      value: weight > 1 ? `1 of ${weight}` : '1',
      sentence: weightSentence(weight),
      filter: equals('weight', weight),
    },
  ];
}

function equals(field: NumberField, value: number): Filter {
  return { kind: 'number', field, comparison: '=', value };
}

/** Matches a tag with the same id; for an untagged frame, frames without a tag. */
function vlanFilter(vlan_id: number): Filter {
  if (vlan_id !== 0) return equals('vlan_id', vlan_id % VLAN_PRIORITY_TAG);
  return { kind: 'not', term: { kind: 'number', field: 'vlan_id', comparison: '>=', value: 0 } };
}

function ruleField(id: number): ExplainedField {
  return {
    key: 'rule',
    label: 'rule',
    value: String(id),
    sentence: 'The rule that decided.',
    filter: equals('rule_id', id),
  };
}

/** Returns no fields for a frame that is not IP. */
function ipFields(packet: PacketLog): readonly ExplainedField[] {
  const { ether_type, ip_protocol, src_port, dst_port, tcp_flags } = packet;
  if (ether_type !== ETHER_TYPE_IPV4 && ether_type !== ETHER_TYPE_IPV6) return [];
  const hasAddresses = addressesRead(packet);
  const hasItsPorts = portsRead(packet);
  const fields = [
    addressField('source', 'src', packet, hasAddresses),
    ...portFields('source', 'src', ip_protocol, src_port, hasItsPorts),
    addressField('destination', 'dst', packet, hasAddresses),
    ...portFields('destination', 'dst', ip_protocol, dst_port, hasItsPorts),
  ];
  if (ip_protocol !== IP_PROTOCOL_NONE) {
    fields.push({
      key: 'protocol',
      label: 'protocol',
      value: `${protocolName(ip_protocol)} (${ip_protocol})`,
      sentence: protocolSentence(ip_protocol),
      filter: equals('ip_protocol', ip_protocol),
    });
  }
  if (ip_protocol === TCP) fields.push(flagsField(tcp_flags, tcpFlagsRead(packet)));
  if (ip_protocol === ICMP || ip_protocol === ICMPV6) fields.push(icmpField(ip_protocol, dst_port, icmpRead(packet)));
  return fields;
}

function addressField(
  key: 'source' | 'destination',
  side: 'src' | 'dst',
  packet: PacketLog,
  wasRead: boolean,
): ExplainedField {
  const address = packet[`${side}_addr`];
  if (!wasRead) return { key, label: key, value: '', sentence: 'It could not be read from this frame.' };
  const mark = addressMark(address);
  return {
    key,
    label: key,
    value: address,
    sentence: mark?.sentence ?? '',
    ...(mark !== undefined && { mark }),
    filter: { kind: 'network', side, network: hostNetwork(address, packet.ether_type) },
  };
}

/** An IPv6 packet may carry a mapped address, whose text is that of IPv4: the filter must name the family. */
function hostNetwork(address: string, ether_type: number): string {
  if (address.includes(':')) return `${address}/128`;
  return ether_type === ETHER_TYPE_IPV6 ? `::ffff:${address}/128` : `${address}/32`;
}

function portFields(
  end: 'source' | 'destination',
  side: 'src' | 'dst',
  ip_protocol: number,
  port: number,
  wasRead: boolean,
): readonly ExplainedField[] {
  if (!hasPorts(ip_protocol)) return [];
  const [key, label] = [`${end}_port`, `${end} port`] as const;
  if (!wasRead) return [{ key, label, value: '', sentence: 'Not read: this packet does not contain it.' }];
  return [
    {
      key,
      label,
      value: String(port),
      sentence: portSentence(ip_protocol, port),
      filter: { kind: 'port', side, from: port, to: port },
    },
  ];
}

function flagsField(flags: number, wasRead: boolean): ExplainedField {
  const field = { key: 'tcp_flags', label: 'TCP flags' } as const;
  if (!wasRead) return { ...field, value: '', sentence: 'Not read: this packet does not contain them.' };
  return {
    ...field,
    value: tcpFlagsText(flags) || 'none',
    sentence: sentence(`it ${tcpFlagsMeaning(flags)}`),
    filter: { kind: 'flags', flags, exact: true },
  };
}

function icmpField(ip_protocol: number, typeAndCode: number, wasRead: boolean): ExplainedField {
  const field = { key: 'icmp', label: ip_protocol === ICMP ? 'ICMP type' : 'ICMPv6 type' } as const;
  if (!wasRead) return { ...field, value: '', sentence: 'Not read: this packet does not contain it.' };
  const [type, code] = [typeAndCode >> 8, typeAndCode & 0xff];
  return {
    ...field,
    value: icmpTypeName(ip_protocol, type, code),
    sentence: `Type ${type}, code ${code}.`,
    filter: { kind: 'icmp', protocol: ip_protocol === ICMP ? ICMP : ICMPV6, type, code },
  };
}
