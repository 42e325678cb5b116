/** Nodes of a hub, for tests. */
import type { FleetNode, NodeReport } from '@packetlog/common/fleet';

export function fleetNode(
  name: string,
  facts: { [Key in keyof FleetNode]?: FleetNode[Key] | undefined } = {},
): FleetNode {
  const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { ...{ name, group: 'default', joined_at_ms: 0, key: '0123456789abcdef', heard_at_ms: 0 }, ...given };
}

/** A report of a node without packets. */
export function report(): NodeReport {
  return {
    ...{ at_ms: 0, version: '1.0.0', session_id: 'session', started_at_ms: 0 },
    interfaces: [{ name: 'eth0', mode: 'native', state: 'attached' }],
    ...{ interval_ms: 1_000, packets: 0, bytes: 0, denied: 0, top_sources: [], top_ports: [] },
    ledger: { seen: 0, permitted: 0, denied: 0, aborted: 0, sampled_out: 0, filtered_out: 0, ring_full: 0 },
    recorder: 'off',
    rules: { revision: 1 },
  };
}
