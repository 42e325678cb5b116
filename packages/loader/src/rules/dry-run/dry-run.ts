/** Evaluates live records with rules that are not in force, and counts the verdicts on their packets. */
import { formatAddress, PACKET_LOG_FIELDS } from '@packetlog/common';
import { recordFacts } from '../evaluator/record-facts.ts';
import { NOT_IP, RuleImage } from '../evaluator/rule-image.ts';

export interface Amount {
  packets: number;
  bytes: number;
}

/** Maximum sources, and ports, counted separately; packets of others count only in the totals. */
const MAX_KEYS = 10_000;
const MAX_REPORTED = 20;

const offsetOf = (field: string) => PACKET_LOG_FIELDS.find(({ name }) => name === field)?.offset ?? 0;
const SRC_ADDR = offsetOf('src_addr');
const LENGTH = offsetOf('length');
const WEIGHT = offsetOf('weight');
const DST_PORT = offsetOf('dst_port');
const IP_PROTOCOL = offsetOf('ip_protocol');

export class DryRun {
  readonly #image: RuleImage | undefined;
  readonly #slots: ReadonlyMap<number, number>;
  readonly denied: Amount = { packets: 0, bytes: 0 };
  readonly observed: Amount = { packets: 0, bytes: 0 };
  /** Number of packets that the evaluated records represent. */
  evaluated = 0;
  readonly #rules = new Map<number, Amount>();
  readonly #sources = new Map<string, Amount>();
  readonly #ports = new Map<string, Amount>();

  /** `image`: undefined denies nothing. `slots`: interface slot by ifindex. */
  constructor(image: SharedArrayBuffer | undefined, slots: ReadonlyMap<number, number>) {
    this.#image = image && new RuleImage(new Uint8Array(image));
    this.#slots = slots;
  }

  /** Evaluates the 64-byte record at byte `at`. */
  add(bytes: Uint8Array, at: number, nowNs: bigint): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const packets = view.getUint16(WEIGHT, true);
    const amount = { packets, bytes: packets * view.getUint16(LENGTH, true) };
    this.evaluated += packets;
    if (this.#image === undefined) return;
    const facts = recordFacts(bytes, at, this.#slots);
    const node = this.#image.decide(facts, nowNs);
    if (node === NOT_IP || (node === 0 && !this.#image.defaultDeny)) return;
    const action = node === 0 ? 'deny' : this.#image.action(node);
    if (node !== 0) add(this.#rules, this.#image.ruleId(node), amount);
    if (action === 'observe') sum(this.observed, amount);
    if (action !== 'deny') return;
    sum(this.denied, amount);
    add(this.#sources, formatAddress(bytes.slice(at + SRC_ADDR, at + SRC_ADDR + 16)), amount);
    const port = facts.destinationPort === undefined ? 0 : view.getUint16(DST_PORT, true);
    add(this.#ports, `${view.getUint8(IP_PROTOCOL)} ${port}`, amount);
  }

  byRule(): ReadonlyMap<number, Amount> {
    return this.#rules;
  }

  bySource(): ({ addr: string } & Amount)[] {
    return largest(this.#sources).map(([addr, amount]) => ({ addr, ...amount }));
  }

  byPort(): ({ ip_protocol: number; port: number } & Amount)[] {
    return largest(this.#ports).map(([key, amount]) => {
      const [ip_protocol = 0, port = 0] = key.split(' ').map(Number);
      return { ip_protocol, port, ...amount };
    });
  }
}

function add<Key>(amounts: Map<Key, Amount>, key: Key, amount: Amount): void {
  const known = amounts.get(key);
  if (known) sum(known, amount);
  else if (amounts.size < MAX_KEYS) amounts.set(key, { ...amount });
}

function sum(total: Amount, { packets, bytes }: Amount): void {
  total.packets += packets;
  total.bytes += bytes;
}

function largest<Key>(amounts: ReadonlyMap<Key, Amount>): [Key, Amount][] {
  return [...amounts].sort(([, a], [, b]) => b.packets - a.packets).slice(0, MAX_REPORTED);
}
