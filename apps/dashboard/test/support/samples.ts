import {
  encodeBatch,
  type Ledger,
  type PacketLog,
  PacketLogBatch,
  type RulesSnapshot,
  type Summary,
} from '@packetlog/common';

/** A ledger with one interface for each entry of `ringFull`. */
export function makeLedger(
  over: {
    seen?: number;
    ringFull?: number[];
    queueDropped?: number;
    clientDropped?: number;
    clientWithheld?: number;
  } = {},
): Ledger {
  const { seen = 0, ringFull = [0], queueDropped = 0, clientDropped = 0, clientWithheld = 0 } = over;
  const hop = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
  return {
    at_ms: 1_000_000,
    interfaces: ringFull.map((ring_full, i) => ({
      name: `eth${i}`,
      ifindex: i + 1,
      mode: 'native',
      state: 'attached',
      counters: {
        seen,
        permitted: seen,
        denied: 0,
        aborted: 0,
        emitted: seen - ring_full,
        sampled_out: 0,
        filtered_out: 0,
        ring_full,
        bytes: seen * 100,
        denied_bytes: 0,
      },
    })),
    ring: hop,
    queue: { ...hop, dropped: queueDropped },
    client: { ...hop, dropped: clientDropped, withheld: clientWithheld, filtered: 0 },
    reasons: {},
  };
}

export function makeSummary(over: Partial<Summary> = {}): Summary {
  return {
    at_ms: 1_000_000,
    interval_ms: 1_000,
    total: { packets: 0, bytes: 0 },
    by_interface: [],
    by_action: { aborted: 0, deny: 0, permit: 0 },
    denied_bytes: 0,
    records: 0,
    by_protocol: [],
    top_sources: [],
    top_ports: [],
    top_pairs: [],
    max_weight: 1,
    evicted: 0,
    ...over,
  };
}

export function makePacket(over: Partial<PacketLog> = {}): PacketLog {
  return {
    timestamp_ns: 1_767_362_602_118_000_000n,
    src_addr: '203.0.113.7',
    dst_addr: '198.51.100.1',
    rule_id: 0,
    ifindex: 2,
    length: 74,
    weight: 1,
    src_port: 50_211,
    dst_port: 22,
    ether_type: 0x0800,
    vlan_id: 0,
    ip_protocol: 6,
    tcp_flags: 0x02,
    action: 2,
    reason: 0,
    ...over,
  };
}

export function makeBatch(
  packets: readonly PacketLog[],
  header: Parameters<typeof encodeBatch>[0] = {},
): PacketLogBatch {
  return PacketLogBatch.from(encodeBatch({ offered: packets.length, ...header }, packets));
}

export function makeRule(over: Partial<RulesSnapshot['rules'][number]> = {}): RulesSnapshot['rules'][number] {
  return {
    id: 1,
    action: 'deny',
    source: '203.0.113.7',
    reason: 'brute force',
    created_by: 'admin',
    created_at: '2026-01-02T14:00:00.000Z',
    packets: 0,
    bytes: 0,
    ...over,
  };
}

export function makeRules(over: Partial<RulesSnapshot> = {}): RulesSnapshot {
  return {
    revision: 1,
    default_policy: 'permit',
    rules: [],
    sets: [],
    enforcing: true,
    pinned: false,
    ...over,
  };
}
