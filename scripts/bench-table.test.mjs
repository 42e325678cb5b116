import { describe, expect, it } from 'vitest';
import { benchTable, withTable } from './bench-table.mjs';

/** @param {number} median */
const spread = (median) => ({ median, q1: median / 2, q3: median * 2 });

const results = {
  machine: { cpu: 'Abacus', cpus: 2, kernel: '6.18', virtual: true, node: 'v20.19.0' },
  aims: {
    faster: { atLeast: 5 },
    cheaper: { atMost: 0.2 },
    unmeasured: { atLeast: 1 },
    footprint_idle_mib: { atMost: 120 },
  },
  ratio_spreads: { faster: spread(6), cheaper: spread(0.123456), without_an_aim: spread(1) },
  events: {
    harness_ns: spread(12),
    PacketLog: { xdp_ns: spread(50), kept_per_s: spread(12_345_678), reader_cpu_ns: spread(9), lost: 0 },
  },
  veth: {
    frames_per_round: 100,
    'nothing attached': { added_ns: spread(1), kept_percent: spread(100) },
    tcpdump: {
      ...{ added_ns: spread(300), kept_percent: spread(98) },
      ...{ cpu_ns_per_packet: spread(190), memory_mib: spread(8) },
    },
  },
  deny: {
    frames_per_round: 100,
    'xdp-filter': { deny_ns: spread(180), over_drop_ns: spread(44) },
    'PacketLog, a record of each': { deny_ns: spread(200), over_drop_ns: spread(66), recorded_percent: spread(100) },
  },
  limits: {
    through_veth: {
      'no tool': {
        1000: { total_ns: spread(700), added_ns: spread(0), passed_percent: spread(100) },
        1000000: { total_ns: spread(700), added_ns: spread(0), passed_percent: spread(100) },
      },
      'LRU hash in XDP': {
        1000: { total_ns: spread(350), added_ns: spread(-345), passed_percent: spread(4) },
        1000000: { total_ns: spread(1000), added_ns: spread(344), passed_percent: spread(100) },
      },
    },
  },
  footprint: {
    ...{ start_s: spread(0.5), start_cpu_s: spread(0.4) },
    ...{ idle: { pss_mib: 100, alone_mib: 125 }, after_flood: { pss_mib: 120, alone_mib: 140 } },
  },
  latency: [{ packets_per_s: 1000, p50_us: 512, p99_us: 9000, loader_cpu_percent: 3 }],
  idle: { cpu_percent: 0.1, wakeups_per_s: 1, memory_mib: 200 },
};

describe('the table of the benchmark', () => {
  const table = benchTable(results);

  it('has a row with the measurements for each reader, tool and rate', () => {
    expect(table).toContain('| **PacketLog** | 50 | 12,300,000 | 9 | 0 |');
    expect(table).toContain('| nothing attached | 1 | 100 |  |  |');
    expect(table).toContain('| tcpdump | 300 | 98 | 190 | 8 |');
    expect(table).toContain('| xdp-filter | 180 | 44 |  |');
    expect(table).toContain('| **PacketLog, a record of each** | 200 | 66 | 100 |');
    expect(table).toContain('| LRU hash in XDP | 344 | 350 | 4 |');
    expect(table).not.toContain('no tool');
    expect(table).toContain('| memory of both processes, idle, MiB | 125 | ≤ 120 |');
    expect(table).toContain('| 1,000 | 0.512 | 9 | 3 |');
    expect(table).not.toContain('harness');
  });

  it('has each ratio with an aim', () => {
    expect(table).toContain('| `faster` | 6 | 3 to 12 | ≥ 5 |');
    expect(table).toContain('| `cheaper` | 0.123 | 0.0617 to 0.247 | ≤ 0.2 |');
    expect(table).not.toMatch(/unmeasured|without_an_aim/);
  });

  it('has the figures of the dashboard, if they were measured', () => {
    const dashboard = { fps_at_1m_pps: 59.6, page_cpu_at_1m_pps: 0.3155, heap_mib_at_1m_pps: 7 };
    const aims = { ...results.aims, fps_at_1m_pps: { atLeast: 55 }, page_cpu_at_1m_pps: { atMost: 0.5 } };
    const withDashboard = benchTable({ ...results, aims, dashboard });
    expect(withDashboard).toContain('| frames per second at 1,000,000 packets per second | 59.6 | ≥ 55 |');
    expect(withDashboard).toContain("| CPUs that the page's process uses at that rate | 0.316 | ≤ 0.5 |");
    expect(table).not.toContain('Chromium');
  });

  it('has a TCP stream with the mode that auto selects', () => {
    const tcp_stream = {
      mode_of_auto: 'generic',
      'nothing attached': { gbit_per_s: spread(20) },
      'PacketLog, --mode auto': { gbit_per_s: spread(19), vs_bare: spread(0.96) },
    };
    const withStream = benchTable({ ...results, tcp_stream });
    expect(withStream).toContain('(auto selects generic)');
    expect(withStream).toContain('| nothing attached | 20 |  |');
    expect(withStream).toContain('| **PacketLog, --mode auto** | 19 | 0.96 |');
  });

  it('names the sections that failed, and has the others', () => {
    const { veth: _, ...others } = results;
    const partial = benchTable({ ...others, failed_sections: { veth: 'the cable dropped frames' } });
    expect(partial).toContain('Sections that failed in this run: veth.');
    expect(partial).not.toContain('veth pair');
    expect(partial).toContain('| 1,000 | 0.512 | 9 | 3 |');
    expect(table).not.toContain('failed');
  });

  it('replaces the earlier table and nothing else in the file', () => {
    const marks = ['<!-- from bench/results.json, by scripts/bench-table.mjs -->', '<!-- end of the table -->'];
    const readme = `above\n${marks[0]}\nold\n${marks[1]}\nbelow\n`;
    expect(withTable(readme, 'new')).toBe(`above\n${marks[0]}\nnew\n${marks[1]}\nbelow\n`);
    expect(() => withTable('above\nbelow\n', 'new')).toThrow('README.md');
  });
});
