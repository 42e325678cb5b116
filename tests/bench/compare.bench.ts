/**
 * The comparison: each section takes turns between all that it compares, in one run. The machine may be shared:
 * compare ratios, not absolute figures. `pnpm bench -t events` runs the sections whose name has that word, and
 * writes no results.
 */
import { afterAll, beforeAll, test } from 'vitest';
import { compareDashboard } from './dashboard.ts';
import { compareEvents } from './events.ts';
import { compareFanout } from './fanout.ts';
import { compareFilters } from './filters.ts';
import { compareLatency } from './latency.ts';
import { buildPeers, type Peers } from './peers.ts';
import { compareRates } from './rates.ts';
import { Report } from './report.ts';
import { compareRules } from './rules.ts';
import { compareScaling } from './scaling.ts';
import { compareSummary } from './summary.ts';
import { compareVeth } from './veth.ts';

const SECTIONS = {
  events: compareEvents,
  scaling: compareScaling,
  rates: compareRates,
  rules: compareRules,
  summary: compareSummary,
  veth: compareVeth,
  latency: compareLatency,
  fanout: compareFanout,
  filters: compareFilters,
  dashboard: compareDashboard,
} as const;

const report = new Report();
let peers: Peers;
let done = 0;

beforeAll(async () => {
  peers = await buildPeers();
});

afterAll(() => {
  peers?.remove();
  if (done > 0) report.finish(done === Object.keys(SECTIONS).length);
});

for (const [name, compare] of Object.entries(SECTIONS)) {
  test(name, async () => {
    await compare(peers, report);
    done++;
  });
}
