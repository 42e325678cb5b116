/** Evaluates the columns of a block of records with rules: a source is looked up once per block, not once per record. */
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  isLaterFragment,
  type PacketLogFieldName,
  portsRead,
  type RecordColumns,
  tcpFlagsRead,
} from '@packetlog/common';
import { isIpv6Doubtful, readAddress } from '../rules/evaluator/record-facts.ts';
import { type ConditionFacts, NO_SOURCE, NOT_IP, type RuleImage } from '../rules/evaluator/rule-image.ts';

/** The record is outside of the range. */
export const NOT_EVALUATED = -2;

const SOURCE_FIELDS = ['src_addr', 'ether_type', 'ip_protocol', 'reason'] as const;
const SERVICE_FIELDS = ['ifindex', 'src_port', 'dst_port', 'tcp_flags'] as const;
const CONDITION_FIELDS = ['dst_addr', 'length'] as const;
type EvaluatedField =
  | (typeof SOURCE_FIELDS)[number]
  | (typeof SERVICE_FIELDS)[number]
  | (typeof CONDITION_FIELDS)[number];
/** Those of `fields` are enough. */
export type EvaluatedColumns = Pick<RecordColumns, EvaluatedField | 'count'>;

/** Rules have no expiry here, so the time does not matter. */
const ANY_TIME = 0n;
const NO_SERVICE = -1;
const ADDRESS_BYTES = 16;

/** The values of a dictionary's addresses: entry `i` has 2 * i as the source of an IPv4 packet, 2 * i + 1 of IPv6. */
export interface SourceValues {
  readonly values: Uint32Array;
  /** Whether the address is all zeros, which is also what an address that was not read looks like. */
  readonly isZero: Uint8Array;
  /** Whether any packet of these sources may match a rule, or is denied by the default policy. */
  readonly mayMatch: boolean;
}

export class BlockEvaluator {
  readonly #image: RuleImage;

  /** `image`: of rules without expiry. */
  constructor(image: RuleImage) {
    this.#image = image;
  }

  /** The columns that `evaluate` reads: for rules that match only sources, those are enough. */
  get fields(): readonly (PacketLogFieldName & EvaluatedField)[] {
    const { hasConditions, serviceCount } = this.#image;
    if (hasConditions) return [...SOURCE_FIELDS, ...SERVICE_FIELDS, ...CONDITION_FIELDS];
    return serviceCount > 1 ? [...SOURCE_FIELDS, ...SERVICE_FIELDS] : SOURCE_FIELDS;
  }

  /** Looks up each address of a dictionary. */
  lookUp(dictionary: Uint8Array): SourceValues {
    const image = this.#image;
    const view = new DataView(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength);
    const size = dictionary.length / ADDRESS_BYTES;
    const values = new Uint32Array(2 * size);
    const isZero = new Uint8Array(size);
    const words = new Uint32Array(4);
    const last = words.subarray(3);
    let mayMatch = image.hasRuleForAny || image.defaultDeny;
    for (let entry = 0; entry < size; entry++) {
      for (let word = 0; word < 4; word++) words[word] = view.getUint32(entry * ADDRESS_BYTES + 4 * word);
      // As in record-facts.ts: only an IPv4 address that was read has this prefix.
      const isMapped = (words[2] as number) % 0x1_0000 === 0xffff;
      const ipv4 = isMapped ? image.sourceValue(last) : NO_SOURCE;
      const ipv6 = image.sourceValue(words);
      values[2 * entry] = ipv4;
      values[2 * entry + 1] = ipv6;
      isZero[entry] = words.every((word) => word === 0) ? 1 : 0;
      mayMatch ||= ipv4 !== NO_SOURCE || ipv6 !== NO_SOURCE;
    }
    return { values, isZero, mayMatch };
  }

  /**
   * Writes the node that decides, 0 or NOT_IP for each record to `nodes`; `rows`: only for those that it marks with 1.
   * `slots`: interface slot by ifindex.
   */
  evaluate(
    block: EvaluatedColumns,
    { values, isZero }: SourceValues,
    slots: ReadonlyMap<number, number>,
    nodes: Int32Array,
    rows?: Uint8Array,
  ): void {
    const image = this.#image;
    const { count, src_addr, ether_type, ip_protocol, reason } = block;
    const { indexes } = src_addr;
    const hasServices = image.serviceCount > 1;
    const { hasConditions } = image;
    // Of each value: the service of its last packet, and the node that decided.
    const services = new Int32Array(values.length).fill(NO_SERVICE);
    const known = new Int32Array(values.length);
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const isIpv4 = ether_type[i] === ETHER_TYPE_IPV4;
      if (!isIpv4 && ether_type[i] !== ETHER_TYPE_IPV6) {
        nodes[i] = NOT_IP;
        continue;
      }
      const entry = indexes[i] as number;
      const service = hasServices ? this.#serviceOf(block, i, slots) : 0;
      const isUnread = !isIpv4 && isZero[entry] === 1 && isIpv6Doubtful(ip_protocol[i] as number, reason[i] as number);
      const at = 2 * entry + (isIpv4 ? 0 : 1);
      if (isUnread || hasConditions) {
        nodes[i] = this.#decide(block, i, isUnread ? undefined : values[at], service);
        continue;
      }
      if (services[at] !== service) {
        services[at] = service;
        known[at] = image.decideIp(values[at] as number, service, ANY_TIME);
      }
      nodes[i] = known[at] as number;
    }
  }

  /** `value`: undefined if the addresses were not read. */
  #decide(block: EvaluatedColumns, i: number, value: number | undefined, service: number): number {
    const image = this.#image;
    const facts = image.hasConditions ? conditionFacts(block, i, value === undefined) : undefined;
    return image.decideIp(value ?? NO_SOURCE, service, ANY_TIME, facts);
  }

  #serviceOf(block: EvaluatedColumns, i: number, slots: ReadonlyMap<number, number>): number {
    const read = readFacts(block, i);
    return this.#image.serviceOf({
      ipProtocol: read.ip_protocol,
      destinationPort: portsRead(read) ? read.dst_port : undefined,
      interfaceSlot: slots.get(block.ifindex[i] as number) ?? 0,
    });
  }
}

/** Returns the fields of a record that tell what was read of its packet. */
function readFacts(block: EvaluatedColumns, i: number) {
  return {
    ip_protocol: block.ip_protocol[i] as number,
    src_port: block.src_port[i] as number,
    dst_port: block.dst_port[i] as number,
    tcp_flags: block.tcp_flags[i] as number,
    reason: block.reason[i] as number,
  };
}

/** As `recordFacts`. */
function conditionFacts(block: EvaluatedColumns, i: number, isUnread: boolean): ConditionFacts {
  const read = readFacts(block, i);
  return {
    destination: isUnread ? undefined : destinationOf(block, i),
    tcpFlags: tcpFlagsRead(read) ? read.tcp_flags : undefined,
    length: block.length[i] as number,
    isFragment: isLaterFragment(read),
  };
}

function destinationOf({ dst_addr: { dictionary, indexes }, ether_type }: EvaluatedColumns, i: number) {
  const view = new DataView(dictionary.buffer, dictionary.byteOffset + ADDRESS_BYTES * (indexes[i] as number));
  return readAddress(view, 0, ether_type[i] === ETHER_TYPE_IPV4);
}
