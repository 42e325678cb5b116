/**
 * Decides about packets by an image, step by step as the XDP program does (packages/bpf/src/xdp/rules.h). Little-endian
 * machines only, as the image.
 */
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6 } from '@packetlog/common';
import {
  HEADER,
  IMAGE_MAGIC,
  LINE_BYTES,
  LINE_WORDS,
  NODE,
  NODE_ACTION,
  NODE_WORDS,
  PAIR_WORDS,
  PORT_PROTOCOLS,
  SERVICES,
  VALUE_KIND,
  VALUE_KIND_SHIFT,
  VALUE_NUMBERS,
} from './image-layout.ts';

/** What of a packet rules look at. */
export interface PacketFacts {
  readonly etherType: number;
  /** After extension headers; 255 if none was read. */
  readonly ipProtocol: number;
  /** In host order: one word of IPv4, four of IPv6. Undefined: it could not be read. */
  readonly source: ArrayLike<number> | undefined;
  /** Only if ports were read. */
  readonly destinationPort: number | undefined;
  /** 0 for an interface without one. */
  readonly interfaceSlot: number;
}

/** Of a packet that is not IP: it passes, whatever the rules say. */
export const NOT_JUDGED = -1;

export type Verdict =
  | {
      readonly by: 'rule';
      readonly action: 'permit' | 'deny' | 'observe';
      readonly ruleId: number;
      readonly counterSlot: number;
    }
  | { readonly by: 'default_policy'; readonly action: 'permit' | 'deny' }
  | { readonly by: 'not_ip'; readonly action: 'permit' };

export class RuleImage {
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #words: Uint32Array;
  readonly #wide: BigUint64Array;

  /** @param image must stay as it is, and begin at a multiple of 8 */
  constructor(image: Uint8Array) {
    const { buffer, byteOffset, byteLength } = image;
    this.#bytes = image;
    this.#halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
    this.#words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.#wide = new BigUint64Array(buffer, byteOffset, byteLength / 8);
    if (this.#words[HEADER.magic] !== IMAGE_MAGIC) throw new RangeError('this is no image of rules');
  }

  get defaultDeny(): boolean {
    return this.#words[HEADER.default_deny] === 1;
  }

  verdict(facts: PacketFacts, nowNs: bigint): Verdict {
    const node = this.decide(facts, nowNs);
    if (node === NOT_JUDGED) return { by: 'not_ip', action: 'permit' };
    if (node === 0) return { by: 'default_policy', action: this.defaultDeny ? 'deny' : 'permit' };
    return { by: 'rule', action: this.action(node), ruleId: this.ruleId(node), counterSlot: this.counterSlot(node) };
  }

  /** Number of the node that decides, 0 if none does, or NOT_JUDGED. */
  decide(facts: PacketFacts, nowNs: bigint): number {
    if (facts.etherType !== ETHER_TYPE_IPV4 && facts.etherType !== ETHER_TYPE_IPV6) return NOT_JUDGED;
    const service = this.#serviceOf(facts);
    const bySource = facts.source ? this.#unexpired(this.#nodeOf(this.#lookUp(facts.source), service), nowNs) : 0;
    const byAny = this.#unexpired(this.#nodeOf(this.#header(HEADER.any_value), service), nowNs);
    if (bySource === 0 || byAny === 0) return bySource || byAny;
    return this.#rank(byAny) > this.#rank(bySource) ? byAny : bySource;
  }

  ruleId(node: number): number {
    return this.#node(node, NODE.rule_id);
  }

  counterSlot(node: number): number {
    return this.#node(node, NODE.counter_slot);
  }

  action(node: number): 'permit' | 'deny' | 'observe' {
    return ACTIONS[this.#node(node, NODE.action)] ?? 'observe';
  }

  #header(word: number): number {
    return this.#words[word] as number;
  }

  #node(node: number, word: number): number {
    return this.#words[this.#header(HEADER.nodes_line) * LINE_WORDS + node * NODE_WORDS + word] as number;
  }

  #rank(node: number): number {
    return RANK[this.#node(node, NODE.action)] as number;
  }

  #serviceOf({ ipProtocol, destinationPort, interfaceSlot }: PacketFacts): number {
    const line = this.#header(HEADER.services_line);
    if (line === 0) return 0;
    const interfaceClass = this.#bytes[line * LINE_BYTES + interfaceSlot] as number;
    const place = PORT_PROTOCOLS.indexOf(ipProtocol as (typeof PORT_PROTOCOLS)[number]);
    if (destinationPort !== undefined && place >= 0) {
      const index = interfaceClass * PORT_PROTOCOLS.length + place;
      const table = this.#words[(line + SERVICES.port_tables_line) * LINE_WORDS + index] as number;
      if (table !== 0) return this.#halves[(table * LINE_BYTES) / 2 + destinationPort] as number;
    }
    const table = line + SERVICES.protocol_tables_line + interfaceClass * SERVICES.protocol_table_lines;
    return this.#halves[(table * LINE_BYTES) / 2 + ipProtocol] as number;
  }

  #lookUp(source: ArrayLike<number>): number {
    const ipv4 = source.length === 1;
    const word = source[0] as number;
    const bits = this.#header(ipv4 ? HEADER.root4_bits : HEADER.root6_bits);
    const root = this.#header(ipv4 ? HEADER.root4_line : HEADER.root6_line);
    let value = this.#find(root, word >>> (32 - bits), word);
    for (let level = 1; value >>> VALUE_KIND_SHIFT === VALUE_KIND.slice; level++) {
      value = this.#find(this.#header(HEADER.slices_line), value & (VALUE_NUMBERS - 1), source[level] as number);
    }
    return value;
  }

  /** The value at `word`, by entry `index` of the root table or of the slices. */
  #find(line: number, index: number, word: number): number {
    const entry = line * LINE_WORDS + PAIR_WORDS * index;
    const first = this.#words[entry] as number;
    const count = this.#words[entry + 1] as number;
    if (count === 0) return first;
    const bounds = this.#header(HEADER.bounds_line) * LINE_WORDS;
    let low = first;
    for (let rest = count; rest > 1; ) {
      const half = rest >>> 1;
      if ((this.#words[bounds + PAIR_WORDS * (low + half)] as number) <= word) low += half;
      rest -= half;
    }
    return this.#words[bounds + PAIR_WORDS * low + 1] as number;
  }

  #nodeOf(value: number, service: number): number {
    if (value >>> VALUE_KIND_SHIFT !== VALUE_KIND.row) return value;
    const row = value & (VALUE_NUMBERS - 1);
    const rows = this.#header(HEADER.rows_line) * LINE_WORDS;
    return this.#words[rows + row * this.#header(HEADER.service_count) + service] as number;
  }

  #unexpired(first: number, nowNs: bigint): number {
    let node = first;
    while (node !== 0) {
      const at = this.#header(HEADER.nodes_line) * LINE_WORDS + node * NODE_WORDS + NODE.expires_wall_ns;
      const expires = this.#wide[at / 2] as bigint;
      if (expires === 0n || nowNs < expires) return node;
      node = this.#node(node, NODE.next);
    }
    return 0;
  }
}

const ACTIONS: Readonly<Record<number, 'permit' | 'deny' | 'observe'>> = {
  [NODE_ACTION.permit]: 'permit',
  [NODE_ACTION.deny]: 'deny',
  [NODE_ACTION.observe]: 'observe',
};
/** By action: the higher wins. */
const RANK = [0, 2, 3, 1];
