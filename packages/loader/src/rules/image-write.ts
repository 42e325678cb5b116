/** Puts the parts of a rule set into their lines. */
import type { Bounds } from './compile-bounds.ts';
import type { Services } from './compile-services.ts';
import {
  HEADER,
  IMAGE_MAGIC,
  INTERFACE_CLASS_LIMIT,
  LINE_BYTES,
  LINE_WORDS,
  NODE,
  NODE_WORDS,
  PAIR_WORDS,
  PORT_PROTOCOLS,
  SERVICES,
} from './image-layout.ts';

export interface NodeFacts {
  readonly ruleId: number;
  readonly counterSlot: number;
  readonly action: number;
  readonly next: number;
  /** Infinity: never. */
  readonly expiresMs: number;
}

export interface ImageParts {
  readonly defaultDeny: boolean;
  readonly untilMonoNs: bigint;
  readonly root4: Uint32Array;
  readonly root6: Uint32Array;
  readonly bounds: Bounds;
  readonly slices: Bounds;
  readonly serviceCount: number;
  readonly services: Services | undefined;
  readonly rows: Uint32Array;
  /** From node 1 on. */
  readonly nodes: readonly NodeFacts[];
  readonly anyValue: number;
}

interface Section {
  readonly line: number;
  readonly data: Uint8Array;
}

const NS_PER_MS = 1_000_000n;

/** @param allocate gives that many bytes, all zero; a multiple of LINE_BYTES is asked for */
export function writeImage(parts: ImageParts, allocate: (bytes: number) => Uint8Array): Uint8Array {
  const sections: Section[] = [];
  let line = 1;
  const place = (data: Uint32Array | Uint16Array | Uint8Array): number => {
    const at = line;
    sections.push({ line: at, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    line += Math.ceil(data.byteLength / LINE_BYTES);
    return at;
  };
  const pairs = (bounds: Bounds) => bounds.data.subarray(0, PAIR_WORDS * bounds.count);
  const header = new Uint32Array(LINE_WORDS);
  header[HEADER.magic] = IMAGE_MAGIC;
  header[HEADER.default_deny] = parts.defaultDeny ? 1 : 0;
  new BigUint64Array(header.buffer)[HEADER.until_mono_ns / 2] = parts.untilMonoNs;
  header[HEADER.root4_line] = place(parts.root4);
  header[HEADER.root4_bits] = Math.log2(parts.root4.length / PAIR_WORDS);
  header[HEADER.root6_line] = place(parts.root6);
  header[HEADER.root6_bits] = Math.log2(parts.root6.length / PAIR_WORDS);
  header[HEADER.bounds_line] = place(pairs(parts.bounds));
  header[HEADER.slices_line] = place(pairs(parts.slices));
  header[HEADER.services_line] = parts.services ? placeServices(parts.services, place) : 0;
  header[HEADER.rows_line] = place(parts.rows);
  header[HEADER.service_count] = parts.serviceCount;
  header[HEADER.nodes_line] = place(nodeWords(parts.nodes));
  header[HEADER.any_value] = parts.anyValue;
  header[HEADER.has_expiry] = parts.nodes.some(({ expiresMs }) => Number.isFinite(expiresMs)) ? 1 : 0;
  const image = allocate(line * LINE_BYTES);
  image.set(new Uint8Array(header.buffer));
  for (const section of sections) image.set(section.data, section.line * LINE_BYTES);
  return image;
}

/** Line of the services. The port tables come first, because their lines stand in the services. */
function placeServices(services: Services, place: (data: Uint32Array | Uint16Array | Uint8Array) => number): number {
  const tableLines = services.portTables.map((table) => place(table));
  const portTables = new Uint32Array(INTERFACE_CLASS_LIMIT * PORT_PROTOCOLS.length);
  services.portTableNumbers.forEach((number, index) => {
    if (number > 0) portTables[index] = tableLines[number - 1] as number;
  });
  const lines = SERVICES.protocol_tables_line + SERVICES.protocol_table_lines * services.protocolTables.length;
  const bytes = new Uint8Array(lines * LINE_BYTES);
  bytes.set(services.interfaceClasses);
  new Uint32Array(bytes.buffer, SERVICES.port_tables_line * LINE_BYTES).set(portTables);
  services.protocolTables.forEach((table, index) => {
    const at = (SERVICES.protocol_tables_line + index * SERVICES.protocol_table_lines) * LINE_BYTES;
    new Uint16Array(bytes.buffer, at).set(table);
  });
  return place(bytes);
}

function nodeWords(nodes: readonly NodeFacts[]): Uint32Array {
  const words = new Uint32Array(NODE_WORDS * (nodes.length + 1));
  const wide = new BigUint64Array(words.buffer);
  nodes.forEach((node, index) => {
    const at = NODE_WORDS * (index + 1);
    words[at + NODE.rule_id] = node.ruleId;
    words[at + NODE.counter_slot] = node.counterSlot;
    words[at + NODE.action] = node.action;
    words[at + NODE.next] = node.next;
    wide[(at + NODE.expires_wall_ns) / 2] = expiresNs(node.expiresMs);
  });
  return words;
}

/** 0 would mean never. */
function expiresNs(ms: number): bigint {
  if (!Number.isFinite(ms)) return 0n;
  return ms <= 0 ? 1n : BigInt(Math.trunc(ms)) * NS_PER_MS;
}
