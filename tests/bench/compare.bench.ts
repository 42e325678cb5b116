/**
 * The comparison: each section measures its candidates in turns, in one run. The machine may be shared: compare ratios,
 * not absolute figures. `pnpm bench -t events` runs the sections whose name contains that word, and writes no results
 * unless PACKETLOG_BENCH_MERGE is 1.
 * The requirements of all sections are checked before the first starts. A section that fails does not stop the others.
 */
import { afterAll, beforeAll, test } from 'vitest';
import { compareDashboard } from './dashboard.ts';
import { compareDeny } from './deny.ts';
import { compareEvents } from './events.ts';
import { compareFanout } from './fanout.ts';
import { compareFilters } from './filters.ts';
import { compareFleet } from './fleet.ts';
import { compareFootprint } from './footprint.ts';
import { compareLatency } from './latency.ts';
import { compareLimits } from './limits.ts';
import { checkNeeds } from './needs.ts';
import { buildPeers, type Peers } from './peers.ts';
import { compareRates } from './rates.ts';
import { compareRecorder } from './recorder.ts';
import { Report } from './report.ts';
import { compareRules } from './rules.ts';
import { compareScaling } from './scaling.ts';
import { compareSummary } from './summary.ts';
import { compareTcpStream } from './tcp-stream.ts';
import { compareVeth } from './veth.ts';

const SECTIONS = {
  events: compareEvents,
  scaling: compareScaling,
  rates: compareRates,
  rules: compareRules,
  summary: compareSummary,
  veth: compareVeth,
  deny: compareDeny,
  limits: compareLimits,
  tcp_stream: compareTcpStream,
  footprint: compareFootprint,
  latency: compareLatency,
  fanout: compareFanout,
  filters: compareFilters,
  dashboard: compareDashboard,
  recorder: compareRecorder,
  fleet: compareFleet,
} as const;

const report = new Report();
let peers: Peers;
let begun = 0;

beforeAll(async () => {
  await checkNeeds();
  peers = await buildPeers();
});

afterAll(() => {
  peers?.remove();
  if (begun > 0) report.finish(begun === Object.keys(SECTIONS).length, process.env['PACKETLOG_BENCH_MERGE'] === '1');
});

for (const [name, compare] of Object.entries(SECTIONS)) {
  test(name, async () => {
    begun++;
    try {
      await compare(peers, report);
    } catch (error) {
      report.failed(name, error);
      throw error;
    }
  });
}
