/** For tests: a second in which nothing came. */
import type { Summary } from '@packetlog/common';

export const emptySummary: Summary = {
  at_ms: 0,
  interval_ms: 1000,
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
};
