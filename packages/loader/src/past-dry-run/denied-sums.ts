/** Sums of the packets that rules would have denied: in all, by rule, source and port. */
import { ACTIONS, AddressDictionary, type PacketLogFieldName, portsRead, type RecordColumns } from '@packetlog/common';
import { NOT_IP, type RuleImage } from '../rules/evaluator/rule-image.ts';
import { NOT_EVALUATED } from './block-evaluator.ts';
import { addTo, type Packets, SourceTable } from './source-table.ts';

export const SUMMED_FIELDS = [
  'src_addr',
  'weight',
  'length',
  'action',
  'ip_protocol',
  'src_port',
  'dst_port',
  'tcp_flags',
  'reason',
] as const satisfies readonly PacketLogFieldName[];
export type SummedColumns = Pick<RecordColumns, (typeof SUMMED_FIELDS)[number] | 'count'>;

const TCP = 6;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** All that would be denied, and the part of it that was not denied then. */
export interface DeniedPackets {
  readonly all: Packets;
  readonly newly: Packets;
}

export class DeniedSums {
  readonly denied = { packets: 0, bytes: 0 };
  readonly newlyDenied = { packets: 0, bytes: 0, records: 0 };
  readonly observed = { packets: 0, bytes: 0 };
  readonly sources: SourceTable;
  readonly #image: RuleImage;
  /** By node. */
  readonly #rules = new Map<number, Packets>();
  /** By protocol * 65,536 + port; port 0 also stands for none. */
  readonly #ports = new Map<number, DeniedPackets>();

  constructor(image: RuleImage, maxSources?: number) {
    this.#image = image;
    this.sources = new SourceTable(new AddressDictionary(maxSources));
  }

  /**
   * Adds the records of a block, whose nodes are in `nodes`. Returns one record of each source that would be denied for
   * the first time, at most `examples`.
   */
  add(block: SummedColumns, nodes: Int32Array, examples: number): number[] {
    const { count, weight, length, action } = block;
    const actions = new Map<number, 'permit' | 'deny' | 'observe'>();
    const sources = this.sources.block(block.src_addr);
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as number;
      if (node === NOT_EVALUATED || node === NOT_IP || (node === 0 && !this.#image.defaultDeny)) continue;
      const packets = weight[i] as number;
      const bytes = packets * (length[i] as number);
      if (node !== 0) addTo(amountOf(this.#rules, node), packets, bytes);
      const verdict = node === 0 ? 'deny' : (actions.get(node) ?? this.#remember(actions, node));
      if (verdict === 'observe') addTo(this.observed, packets, bytes);
      if (verdict !== 'deny') continue;
      const isNew = action[i] !== ACTIONS.deny;
      addTo(this.denied, packets, bytes);
      if (isNew) {
        addTo(this.newlyDenied, packets, bytes);
        this.newlyDenied.records++;
      }
      sources.add(i, packets, bytes, isNew, isNew && looksEstablished(block, i));
      this.#addPort(block, i, packets, bytes, isNew);
    }
    return sources.end(examples);
  }

  /** By rule id. */
  byRule(): ReadonlyMap<number, Packets> {
    const rules = new Map<number, Packets>();
    for (const [node, { packets, bytes }] of this.#rules) {
      addTo(amountOf(rules, this.#image.ruleId(node)), packets, bytes);
    }
    return rules;
  }

  byPort(): ({ ip_protocol: number; port: number } & DeniedPackets)[] {
    return [...this.#ports].map(([key, amounts]) => ({ ip_protocol: key >>> 16, port: key & 0xffff, ...amounts }));
  }

  #remember(actions: Map<number, 'permit' | 'deny' | 'observe'>, node: number): 'permit' | 'deny' | 'observe' {
    const action = this.#image.action(node);
    actions.set(node, action);
    return action;
  }

  #addPort(block: SummedColumns, i: number, packets: number, bytes: number, isNew: boolean): void {
    const ip_protocol = block.ip_protocol[i] as number;
    const dst_port = block.dst_port[i] as number;
    const hasPort = portsRead({
      ip_protocol,
      src_port: block.src_port[i] as number,
      dst_port,
      tcp_flags: block.tcp_flags[i] as number,
      reason: block.reason[i] as number,
    });
    const key = ip_protocol * 0x1_0000 + (hasPort ? dst_port : 0);
    let port = this.#ports.get(key);
    if (port === undefined) {
      port = { all: { packets: 0, bytes: 0 }, newly: { packets: 0, bytes: 0 } };
      this.#ports.set(key, port);
    }
    addTo(port.all, packets, bytes);
    if (isNew) addTo(port.newly, packets, bytes);
  }
}

/** Returns whether the packet looks like one of a TCP connection that was open. Anyone can send such a packet. */
function looksEstablished({ ip_protocol, tcp_flags, action }: SummedColumns, i: number): boolean {
  const flags = tcp_flags[i] as number;
  return ip_protocol[i] === TCP && action[i] === ACTIONS.permit && (flags & (SYN | RST | ACK)) === ACK;
}

function amountOf<Key>(amounts: Map<Key, Packets>, key: Key): Packets {
  let amount = amounts.get(key);
  if (amount === undefined) {
    amount = { packets: 0, bytes: 0 };
    amounts.set(key, amount);
  }
  return amount;
}
