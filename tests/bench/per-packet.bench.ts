/**
 * What one packet costs: in the program (the kernel's own average over BPF_PROG_TEST_RUN, harness
 * included) and on its way to text. All variants take turns in one run; medians of rounds, and of
 * ratios round by round. The machine may be shared: compare ratios, not absolute figures.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { encodePacketLog, PACKET_LOG_SIZE, PacketLogView, packetLogJson } from '@packetlog/common';
import { test } from 'vitest';
import { loadProgram } from '../lab/bpf.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from '../lab/frame.ts';
import { median } from './median.ts';

const ROUNDS = 31;
/** Fits the ring, so that nothing is lost and every run does the same work. */
const REPEAT = 10_000;
const RECORDS = 20_000;

const FRAMES = {
  'IPv4 UDP': ethernet(ipv4({}, udp({}, new Uint8Array(18)))),
  'IPv4 TCP': ethernet(ipv4({}, tcp({}, new Uint8Array(6)))),
  'IPv6 TCP': ethernet(ipv6({}, tcp({}, new Uint8Array(6)))),
};

type Figures = Record<string, number[]>;

function record(figures: Figures, name: string, value: number): void {
  figures[name] = [...(figures[name] ?? []), value];
}

function measureProgram(figures: Figures): void {
  const variants = {
    'count only': loadProgram({ program: 'single', logPermits: false }),
    'count and record': loadProgram({ program: 'single' }),
  };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [variant, program] of Object.entries(variants)) {
        for (const [name, frame] of Object.entries(FRAMES)) {
          record(figures, `${variant}, ${name}`, program.measure(frame, REPEAT));
          program.takeRecords();
        }
      }
    }
    const { ring_full } = variants['count and record'].counters();
    if (ring_full > 0) throw new Error(`the ring was full ${ring_full} times: the figures are not of the same work`);
  } finally {
    for (const program of Object.values(variants)) program.close();
  }
}

function batch(): PacketLogView {
  const bytes = new Uint8Array(RECORDS * PACKET_LOG_SIZE);
  for (let i = 0; i < RECORDS; i++) {
    encodePacketLog(
      {
        timestamp_ns: 1_700_000_000_000_000_000n + BigInt(i) * 1000n,
        src_addr: `192.0.2.${i % 64}`,
        dst_addr: '198.51.100.1',
        rule_id: 0,
        ifindex: 2,
        length: 60 + (i % 1400),
        weight: 1,
        src_port: 1024 + (i % 60_000),
        dst_port: 443,
        ether_type: 0x0800,
        vlan_id: 0,
        ip_protocol: 6,
        tcp_flags: 16,
        action: 2,
        reason: 0,
      },
      bytes,
      i * PACKET_LOG_SIZE,
    );
  }
  return new PacketLogView(bytes, { count: RECORDS, stride: PACKET_LOG_SIZE, recordOffset: 0 });
}

function perRecord(work: (i: number) => number): number {
  const before = process.hrtime.bigint();
  let sum = 0;
  for (let i = 0; i < RECORDS; i++) sum += work(i);
  const ns = Number(process.hrtime.bigint() - before) / RECORDS;
  // The sum is used, or the engine would leave the work out.
  return Number.isNaN(sum) ? Number.NaN : ns;
}

function measureText(figures: Figures): void {
  const view = batch();
  for (let round = 0; round < ROUNDS; round++) {
    record(
      figures,
      'read four fields',
      perRecord((i) => view.srcPort(i) + view.dstPort(i) + view.ipProtocol(i) + view.frameLength(i)),
    );
    record(
      figures,
      'JSON line',
      perRecord((i) => packetLogJson(view, i, 'eth0').length),
    );
    const plain = (i: number) =>
      JSON.stringify({ ...view.decode(i), timestamp_ns: String(view.timestampNs(i)) }).length;
    record(figures, 'JSON.stringify of an object', perRecord(plain));
  }
}

test('per packet', () => {
  const figures: Figures = {};
  measureProgram(figures);
  measureText(figures);
  const ratio = (a: string, b: string) =>
    median((figures[a] ?? []).map((value, i) => value / (figures[b]?.[i] ?? Number.NaN)));
  const results = {
    machine: { kernel: release(), cpu: cpus()[0]?.model, cpus: cpus().length, node: process.version },
    ns: Object.fromEntries(
      Object.entries(figures).map(([name, values]) => [name, Math.round(median(values) * 10) / 10]),
    ),
    ratios: {
      record_vs_count: ratio('count and record, IPv4 UDP', 'count only, IPv4 UDP'),
      json_line_vs_stringify: ratio('JSON line', 'JSON.stringify of an object'),
    },
  };
  mkdirSync('bench', { recursive: true });
  writeFileSync('bench/results.json', `${JSON.stringify(results, null, 2)}\n`);
  const lines = Object.entries(results.ns).map(([name, ns]) => `${name.padEnd(34)} ${ns.toFixed(1).padStart(8)} ns`);
  const ratios = Object.entries(results.ratios).map(
    ([name, value]) => `${name.padEnd(34)} ${value.toFixed(2).padStart(8)}`,
  );
  process.stdout.write(`\n${[...lines, '', ...ratios].join('\n')}\n\nwritten: bench/results.json\n`);
});
