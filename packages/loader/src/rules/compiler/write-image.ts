/** Writes the parts of compiled rules into the lines of the image. */
import { RULE_HEADER, RULE_IMAGE_MAGIC, RULE_LINE, RULE_NODE, RULE_SERVICES } from '@packetlog/bpf';
import type { PacketCondition } from '@packetlog/common';
import { type Bounds, PAIR_WORDS } from './bounds.ts';
import { conditionLines } from './condition-lines.ts';
import { expiresNs } from './expires-ns.ts';
import { limitLines } from './limit-lines.ts';
import { type PreparedRule, UNCONDITIONAL } from './prepared-rules.ts';
import type { Services } from './services.ts';
import type { SourceFilter } from './source-filter.ts';

export interface NodeFacts {
  readonly ruleId: number;
  readonly counterSlot: number;
  readonly action: number;
  readonly next: number;
  /** Infinity: no expiry. */
  readonly expiresMs: number;
  /** Numbers of limits, one in each byte. */
  readonly limits: number;
  /** Index in the list of packet conditions, or UNCONDITIONAL. */
  readonly packetCondition: number;
}

export interface ImageParts {
  readonly defaultDeny: boolean;
  readonly untilMonoNs: bigint;
  readonly root4: Uint32Array;
  readonly filter: SourceFilter | undefined;
  readonly root6: Uint32Array;
  readonly bounds: Bounds;
  readonly slices: Bounds;
  readonly serviceCount: number;
  readonly services: Services | undefined;
  readonly rows: Uint32Array;
  /** By number, from 1 on. */
  readonly limits: readonly PreparedRule[];
  readonly packetConditions: readonly PacketCondition[];
  /** Starts with node 1. */
  readonly nodes: readonly NodeFacts[];
  readonly anyValue: number;
}

interface Section {
  readonly line: number;
  readonly data: Uint8Array;
}

/** @param allocate returns that many zeroed bytes; the size is a multiple of RULE_LINE.size */
export function writeImage(parts: ImageParts, allocate: (bytes: number) => Uint8Array): Uint8Array {
  const sections: Section[] = [];
  let line = 1;
  const place = (data: Uint32Array | Uint16Array | Uint8Array): number => {
    const at = line;
    sections.push({ line: at, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    line += Math.ceil(data.byteLength / RULE_LINE.size);
    return at;
  };
  const pairs = (bounds: Bounds) => bounds.data.subarray(0, PAIR_WORDS * bounds.count);
  const header = new DataView(new ArrayBuffer(RULE_LINE.size));
  const put = (field: keyof typeof RULE_HEADER, value: number) => header.setUint32(RULE_HEADER[field], value, true);
  put('magic', RULE_IMAGE_MAGIC);
  header.setUint8(RULE_HEADER.default_deny, parts.defaultDeny ? 1 : 0);
  header.setBigUint64(RULE_HEADER.until_mono_ns, parts.untilMonoNs, true);
  const firstCondition = line + parts.limits.length;
  const conditionLine = (index: number) => (index === UNCONDITIONAL ? 0 : firstCondition + index);
  place(limitLines(parts.limits, conditionLine));
  place(conditionLines(parts.packetConditions));
  header.setUint8(RULE_HEADER.limit_count, parts.limits.length);
  put('root4_line', place(parts.root4));
  header.setUint8(RULE_HEADER.root4_bits, Math.log2(parts.root4.length / RULE_LINE.words));
  if (parts.filter) {
    put('filter_line', place(parts.filter.table));
    header.setUint8(RULE_HEADER.filter_bits, parts.filter.bits);
    put('usual_value', parts.filter.usualValue);
    put('whole_value', parts.filter.wholeValue);
  }
  put('root6_line', place(parts.root6));
  header.setUint8(RULE_HEADER.root6_bits, Math.log2(parts.root6.length / PAIR_WORDS));
  put('bounds_line', place(pairs(parts.bounds)));
  put('slices_line', place(pairs(parts.slices)));
  put('services_line', parts.services ? placeServices(parts.services, place) : 0);
  put('rows_line', place(parts.rows));
  header.setUint16(RULE_HEADER.service_count, parts.serviceCount, true);
  put('nodes_line', place(nodeBytes(parts.nodes, conditionLine)));
  put('any_value', parts.anyValue);
  const image = allocate(line * RULE_LINE.size);
  image.set(new Uint8Array(header.buffer));
  for (const section of sections) image.set(section.data, section.line * RULE_LINE.size);
  return image;
}

/** Returns the line of the services. Places the port tables first, because the services contain their lines. */
function placeServices(services: Services, place: (data: Uint32Array | Uint16Array | Uint8Array) => number): number {
  const tableLines = services.portTables.map((table) => place(table));
  const portTables = new Uint32Array(RULE_SERVICES.max_interface_classes * RULE_SERVICES.port_protocols);
  services.portTableNumbers.forEach((number, index) => {
    if (number > 0) portTables[index] = tableLines[number - 1] as number;
  });
  const lines = RULE_SERVICES.protocols + RULE_SERVICES.protocol_lines * services.protocolTables.length;
  const bytes = new Uint8Array(lines * RULE_LINE.size);
  bytes.set(services.interfaceClasses);
  new Uint32Array(bytes.buffer, RULE_SERVICES.port_tables * RULE_LINE.size).set(portTables);
  services.protocolTables.forEach((table, index) => {
    const at = (RULE_SERVICES.protocols + index * RULE_SERVICES.protocol_lines) * RULE_LINE.size;
    new Uint16Array(bytes.buffer, at).set(table);
  });
  return place(bytes);
}

function nodeBytes(nodes: readonly NodeFacts[], conditionLine: (index: number) => number): Uint8Array {
  const bytes = new Uint8Array(RULE_NODE.size * (nodes.length + 1));
  const view = new DataView(bytes.buffer);
  const { fields } = RULE_NODE;
  nodes.forEach((node, index) => {
    const at = RULE_NODE.size * (index + 1);
    view.setUint32(at + fields.rule_id, node.ruleId, true);
    view.setUint32(at + fields.counter_slot, node.counterSlot, true);
    view.setUint32(at + fields.action, node.action, true);
    view.setUint32(at + fields.next, node.next, true);
    view.setBigUint64(at + fields.expires_wall_ns, expiresNs(node.expiresMs), true);
    view.setUint32(at + fields.limits, node.limits, true);
    view.setUint32(at + fields.condition, conditionLine(node.packetCondition), true);
  });
  return bytes;
}
