/**
 * Evaluates packets with an image, in the same steps as the XDP program (packages/bpf/src/xdp/rule_verdict.h). Requires
 * a little-endian machine, like the image.
 */
import {
  RULE_ACTION,
  RULE_BLOCK,
  RULE_CONDITION,
  RULE_FILTER,
  RULE_HEADER,
  RULE_IMAGE_MAGIC,
  RULE_KEY,
  RULE_LIMIT,
  RULE_LINE,
  RULE_NODE,
  RULE_PORT_PROTOCOL,
  RULE_SERVICES,
  RULE_VALUE,
} from '@packetlog/bpf';
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6 } from '@packetlog/common';

const { size: LINE_BYTES, words: LINE_WORDS } = RULE_LINE;
const PAIR_WORDS = LINE_WORDS / RULE_LINE.pairs;
const NODE_WORDS = RULE_NODE.size / 4;
const NODE_FIELDS = RULE_NODE.fields;
const CONDITION = RULE_CONDITION.fields;
const PORT_PROTOCOLS: Readonly<Record<number, number>> = RULE_PORT_PROTOCOL;
const { whole: WHOLE, ask: ASK, keys: KEYS } = RULE_FILTER.fields;
const VALUE_NUMBER = 2 ** RULE_VALUE.shift - 1;

/** The facts of a packet that the conditions of some rules compare. */
export interface ConditionFacts {
  /** As `source`. */
  readonly destination: ArrayLike<number> | undefined;
  /** Undefined: not read, or not TCP. */
  readonly tcpFlags: number | undefined;
  /** Bytes of the frame. */
  readonly length: number;
  /** Whether the packet is a fragment after the first. */
  readonly isFragment: boolean;
}

/** The facts of a packet that rules match. */
export interface PacketFacts extends ConditionFacts {
  readonly etherType: number;
  /** After extension headers; 255 if none was read. */
  readonly ipProtocol: number;
  /** In host order: one word for IPv4, four for IPv6. Undefined: it could not be read. */
  readonly source: ArrayLike<number> | undefined;
  /** Present only if ports were read. */
  readonly destinationPort: number | undefined;
  /** Slot of the interface; 0: it has none. */
  readonly interfaceSlot: number;
}

/** The packet is not IP: rules do not apply, and it is permitted. */
export const NOT_IP = -1;
/** The value of a source that could not be read, or that no rule names. */
export const NO_SOURCE = 0;

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
  /** For numbers in network order. */
  readonly #view: DataView;

  /** @param image must not change, and must begin at a multiple of 8 bytes */
  constructor(image: Uint8Array) {
    const { buffer, byteOffset, byteLength } = image;
    this.#bytes = image;
    this.#halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
    this.#words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.#wide = new BigUint64Array(buffer, byteOffset, byteLength / 8);
    this.#view = new DataView(buffer, byteOffset, byteLength);
    if (this.#header(RULE_HEADER.magic) !== RULE_IMAGE_MAGIC) throw new RangeError('not a rules image');
  }

  get defaultDeny(): boolean {
    return this.#bytes[RULE_HEADER.default_deny] === 1;
  }

  verdict(facts: PacketFacts, nowNs: bigint): Verdict {
    const node = this.decide(facts, nowNs);
    if (node === NOT_IP) return { by: 'not_ip', action: 'permit' };
    if (node === 0) return { by: 'default_policy', action: this.defaultDeny ? 'deny' : 'permit' };
    return { by: 'rule', action: this.action(node), ruleId: this.ruleId(node), counterSlot: this.counterSlot(node) };
  }

  /** Returns the number of the node that decides, 0 if none does, or NOT_IP. */
  decide(facts: PacketFacts, nowNs: bigint): number {
    if (facts.etherType !== ETHER_TYPE_IPV4 && facts.etherType !== ETHER_TYPE_IPV6) return NOT_IP;
    const value = facts.source ? this.sourceValue(facts.source) : NO_SOURCE;
    return this.decideIp(value, this.serviceOf(facts), nowNs, facts);
  }

  /** Returns the number of services: with one, `serviceOf` is always 0. */
  get serviceCount(): number {
    return this.#halves[RULE_HEADER.service_count / 2] as number;
  }

  /** Whether some rules have conditions, so that `decideIp` needs the facts that they compare. */
  get hasConditions(): boolean {
    return this.#header(RULE_HEADER.root4_line) > 1 + (this.#bytes[RULE_HEADER.limit_count] as number);
  }

  /** Whether a packet can match a rule although no rule names its source. */
  get hasRuleForAny(): boolean {
    return this.#header(RULE_HEADER.any_value) !== 0;
  }

  /**
   * Does the same as `decide` for an IP packet, in two steps, so that a source is looked up once for many packets.
   * `value`: of `sourceValue`, or NO_SOURCE. `service`: of `serviceOf`. `facts`: may be left out without `hasConditions`.
   */
  decideIp(value: number, service: number, nowNs: bigint, facts?: ConditionFacts): number {
    const bySource = this.#deciding(this.#nodeOf(value, service), nowNs, facts);
    const byAny = this.#deciding(this.#nodeOf(this.#header(RULE_HEADER.any_value), service), nowNs, facts);
    if (bySource === 0 || byAny === 0) return bySource || byAny;
    return this.#rank(byAny) > this.#rank(bySource) ? byAny : bySource;
  }

  /**
   * Returns the ids of the limits that a packet meets, in the order in which they see it: those of its source first. None
   * if a permit or deny rule decides.
   */
  limits(facts: PacketFacts, nowNs: bigint): number[] {
    const node = this.decide(facts, nowNs);
    if (node === NOT_IP || (node !== 0 && this.action(node) !== 'observe')) return [];
    const value = facts.source ? this.sourceValue(facts.source) : NO_SOURCE;
    const service = this.serviceOf(facts);
    const packed = [value, this.#header(RULE_HEADER.any_value)].map((each) =>
      this.#limitsFrom(this.#nodeOf(each, service), nowNs, facts),
    );
    return packed.flatMap((numbers) =>
      [0, 8, 16, 24].flatMap((shift) => {
        const number = (numbers >>> shift) & RULE_LIMIT.number;
        return number === 0 ? [] : this.#limitId(number, nowNs, facts);
      }),
    );
  }

  ruleId(node: number): number {
    return this.#node(node, NODE_FIELDS.rule_id);
  }

  counterSlot(node: number): number {
    return this.#node(node, NODE_FIELDS.counter_slot);
  }

  action(node: number): 'permit' | 'deny' | 'observe' {
    return ACTIONS[this.#node(node, NODE_FIELDS.action)] ?? 'observe';
  }

  #header(word: number): number {
    return this.#words[word / 4] as number;
  }

  #node(node: number, byte: number): number {
    return this.#words[this.#header(RULE_HEADER.nodes_line) * LINE_WORDS + node * NODE_WORDS + byte / 4] as number;
  }

  #rank(node: number): number {
    return RANK[this.#node(node, NODE_FIELDS.action)] as number;
  }

  /** Returns the number of the service: the rules cannot tell its packets apart, except by their source. */
  serviceOf({
    ipProtocol,
    destinationPort,
    interfaceSlot,
  }: Pick<PacketFacts, 'ipProtocol' | 'destinationPort' | 'interfaceSlot'>): number {
    const line = this.#header(RULE_HEADER.services_line);
    if (line === 0) return 0;
    const interfaceClass = this.#bytes[line * LINE_BYTES + interfaceSlot] as number;
    const portProtocol = PORT_PROTOCOLS[ipProtocol];
    if (destinationPort !== undefined && portProtocol !== undefined) {
      const index = interfaceClass * RULE_SERVICES.port_protocols + portProtocol;
      const table = this.#words[(line + RULE_SERVICES.port_tables) * LINE_WORDS + index] as number;
      if (table !== 0) return this.#halves[(table * LINE_BYTES) / 2 + destinationPort] as number;
    }
    const table = line + RULE_SERVICES.protocols + interfaceClass * RULE_SERVICES.protocol_lines;
    return this.#halves[(table * LINE_BYTES) / 2 + ipProtocol] as number;
  }

  /** Returns what the tables hold for a source: the rules cannot tell sources with the same value apart. */
  sourceValue(source: ArrayLike<number>): number {
    return source.length === 1 ? this.#lookUpIpv4(source[0] as number) : this.#lookUpIpv6(source);
  }

  #lookUpIpv4(address: number): number {
    const filterValue = this.#filtered(address);
    if (filterValue !== undefined) return filterValue;
    const block = address >>> (32 - (this.#bytes[RULE_HEADER.root4_bits] as number));
    const line = (this.#header(RULE_HEADER.root4_line) + block) * LINE_WORDS;
    const more = this.#words[line + RULE_BLOCK.more] as number;
    if (more === RULE_BLOCK.packed) return this.#packedValue(line, address & 0xffff);
    if (more > 0) return this.#search(this.#words[line + RULE_BLOCK.starts] as number, more, address);
    let index = 0;
    while (index < RULE_BLOCK.max_starts && (this.#words[line + RULE_BLOCK.starts + index] as number) <= address) {
      index++;
    }
    return this.#words[line + RULE_BLOCK.values + index] as number;
  }

  /** Looks up the lower half of an address in a packed block. `line`: index of the block's first word. */
  #packedValue(line: number, low: number): number {
    const starts = 2 * line + RULE_BLOCK.packed_starts;
    let index = 0;
    while (index < RULE_BLOCK.max_packed_starts && (this.#halves[starts + index] as number) <= low) index++;
    const kinds = this.#halves[2 * line + RULE_BLOCK.packed_kinds + (index >>> 3)] as number;
    const values = this.#header(RULE_HEADER.filter_line) * LINE_WORDS;
    return this.#words[values + ((kinds >>> (2 * (index & 7))) & 3)] as number;
  }

  /** Returns the value of an address from the filter; undefined if the address must be looked up. */
  #filtered(address: number): number | undefined {
    const table = this.#header(RULE_HEADER.filter_line);
    if (table === 0) return undefined;
    const shift = 32 - RULE_FILTER.part_bits - (this.#bytes[RULE_HEADER.filter_bits] as number);
    const part = address >>> shift;
    const line = (table + 1 + (part >>> RULE_FILTER.part_bits)) * LINE_BYTES;
    const key = address >>> (shift - RULE_FILTER.part_key_bits);
    const first = Math.imul(key, RULE_FILTER.hash_1);
    const second = Math.imul(key, RULE_FILTER.hash_2);
    if (this.#bit(line + ASK, part & 63)) return undefined;
    if (this.#keyBit(line, first & 0xffff) && this.#keyBit(line, first >>> 16) && this.#keyBit(line, second >>> 16)) {
      return undefined;
    }
    return this.#header(this.#bit(line + WHOLE, part & 63) ? RULE_HEADER.whole_value : RULE_HEADER.usual_value);
  }

  #keyBit(line: number, half: number): boolean {
    return this.#bit(line + KEYS, (half * RULE_FILTER.key_bits) >>> 16);
  }

  #bit(byte: number, bit: number): boolean {
    return (((this.#bytes[byte + (bit >>> 3)] as number) >>> (bit & 7)) & 1) === 1;
  }

  #lookUpIpv6(source: ArrayLike<number>): number {
    const word = source[0] as number;
    const bits = this.#bytes[RULE_HEADER.root6_bits] as number;
    let value = this.#find(this.#header(RULE_HEADER.root6_line), word >>> (32 - bits), word);
    for (let level = 1; value >>> RULE_VALUE.shift === RULE_VALUE.slice; level++) {
      value = this.#find(this.#header(RULE_HEADER.slices_line), value & VALUE_NUMBER, source[level] as number);
    }
    return value;
  }

  /** Returns the value at `word`, using entry `index` of root6 or of the slices. */
  #find(line: number, index: number, word: number): number {
    const entry = line * LINE_WORDS + PAIR_WORDS * index;
    const first = this.#words[entry] as number;
    const count = this.#words[entry + 1] as number;
    return count === 0 ? first : this.#search(first, count, word);
  }

  /** Returns the value of the last bound that starts at or below `word`. */
  #search(first: number, count: number, word: number): number {
    const bounds = this.#header(RULE_HEADER.bounds_line) * LINE_WORDS;
    let low = first;
    for (let rest = count; rest > 1; ) {
      const half = rest >>> 1;
      if ((this.#words[bounds + PAIR_WORDS * (low + half)] as number) <= word) low += half;
      rest -= half;
    }
    return this.#words[bounds + PAIR_WORDS * low + 1] as number;
  }

  #nodeOf(value: number, service: number): number {
    if (value >>> RULE_VALUE.shift !== RULE_VALUE.row) return value;
    const row = value & VALUE_NUMBER;
    const rows = this.#header(RULE_HEADER.rows_line) * LINE_WORDS;
    return this.#words[rows + row * this.serviceCount + service] as number;
  }

  /** Returns the first rule that has not expired and whose condition the packet meets, after limits. */
  #deciding(first: number, nowNs: bigint, facts: ConditionFacts | undefined): number {
    let node = first;
    while (node !== 0) {
      if (!this.#isLimits(node) && this.#holds(node, nowNs, facts)) return node;
      node = this.#node(node, NODE_FIELDS.next);
    }
    return 0;
  }

  /** Returns the numbers of the limits that precede the rule that decides; 0: none. */
  #limitsFrom(first: number, nowNs: bigint, facts: ConditionFacts): number {
    let node = first;
    while (node !== 0) {
      if (this.#isLimits(node)) return this.#node(node, NODE_FIELDS.limits);
      if (this.#holds(node, nowNs, facts)) return 0;
      node = this.#node(node, NODE_FIELDS.next);
    }
    return 0;
  }

  #isLimits(node: number): boolean {
    return this.#node(node, NODE_FIELDS.action) === RULE_ACTION.limit;
  }

  #holds(node: number, nowNs: bigint, facts: ConditionFacts | undefined): boolean {
    const at = this.#header(RULE_HEADER.nodes_line) * LINE_WORDS + node * NODE_WORDS + NODE_FIELDS.expires_wall_ns / 4;
    const expires = this.#wide[at / 2] as bigint;
    if (expires !== 0n && nowNs >= expires) return false;
    return this.#isMet(this.#node(node, NODE_FIELDS.condition), facts);
  }

  /** Returns the id of a limit that has not expired and whose condition the packet meets. */
  #limitId(number: number, nowNs: bigint, facts: ConditionFacts): number[] {
    const line = number * LINE_BYTES;
    const expires = this.#wide[(line + RULE_LIMIT.fields.expires_wall_ns) / 8] as bigint;
    if (expires !== 0n && nowNs >= expires) return [];
    if (!this.#isMet(this.#words[(line + RULE_LIMIT.fields.condition) / 4] as number, facts)) return [];
    return [this.#words[(line + RULE_LIMIT.fields.rule_id) / 4] as number];
  }

  /** Whether a packet meets the condition in a line; 0 stands for none. */
  #isMet(line: number, facts: ConditionFacts | undefined): boolean {
    if (line === 0) return true;
    if (facts === undefined) return false;
    const at = line * LINE_BYTES;
    const length = Math.min(RULE_KEY.max_length, facts.length);
    const [from, to] = [CONDITION.length_from, CONDITION.length_to].map(
      (field) => this.#words[(at + field) / 4] as number,
    );
    if (length < (from as number) || length > (to as number)) return false;
    const key = keyBits(facts);
    const mask = this.#wide[(at + CONDITION.key_mask) / 8] as bigint;
    if ((key & mask) !== this.#wide[(at + CONDITION.key_value) / 8]) return false;
    return recordWords(facts.destination).every((word, i) => {
      const byte = at + 4 * i;
      const wanted = this.#view.getUint32(byte + CONDITION.dst_high);
      return ((word ^ wanted) & this.#view.getUint32(byte + CONDITION.dst_high_mask)) === 0;
    });
  }
}

/** Returns the bits of a packet's key that conditions compare. */
function keyBits({ destination, tcpFlags, isFragment }: ConditionFacts): bigint {
  const bit = (place: number, isSet: boolean) => (isSet ? 1n << BigInt(place) : 0n);
  return (
    bit(RULE_KEY.flags_read, tcpFlags !== undefined) |
    bit(RULE_KEY.ipv4, destination?.length === 1) |
    bit(RULE_KEY.ipv6, destination?.length === 4) |
    bit(RULE_KEY.fragment, isFragment) |
    (BigInt(tcpFlags ?? 0) << BigInt(RULE_KEY.tcp_flags))
  );
}

/** Returns an address as the four words that it has in a record. */
function recordWords(address: ArrayLike<number> | undefined): number[] {
  if (address === undefined) return [0, 0, 0, 0];
  return address.length === 1 ? [0, 0, 0xffff, address[0] as number] : Array.from(address);
}

const ACTIONS: Readonly<Record<number, 'permit' | 'deny' | 'observe'>> = {
  [RULE_ACTION.permit]: 'permit',
  [RULE_ACTION.deny]: 'deny',
  [RULE_ACTION.observe]: 'observe',
};
/** Rank by action: the higher one wins. */
const RANK = [0, 2, 3, 1];
