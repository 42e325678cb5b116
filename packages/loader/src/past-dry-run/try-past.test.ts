import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ACTIONS,
  encodePacketLog,
  PACKET_LOG_SIZE,
  type PacketLog,
  type Rule,
  rulesRequestSchemas,
} from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendToJournal, writeSegment } from '../recorder/format/index.ts';
import { Compiler } from '../rules/compiler/worker/compiler.ts';
import { EMPTY_RULESET, type Ruleset } from '../rules/ruleset/ruleset.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import { type PastTrial, tryPast } from './try-past.ts';

const T = 1_700_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const ACK = 0x10;
const BASE: PacketLog = {
  timestamp_ns: T,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 100,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 2,
  action: ACTIONS.permit,
  reason: 0,
};

let directory = '';
const compiler = new Compiler();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-try-past-'));
  appendToJournal(directory, { kind: 'start', at_ns: T, node: 'n', version: '1' });
  appendToJournal(directory, { kind: 'interfaces', at_ns: T, names: { 2: 'eth0' } });
  segment(1, [
    { src_addr: '192.0.2.1', dst_port: 22 },
    { src_addr: '192.0.2.1', tcp_flags: ACK, weight: 4 },
    { src_addr: '192.0.2.2', action: ACTIONS.deny },
    { src_addr: '203.0.113.9' },
  ]);
  segment(2, [
    { timestamp_ns: T + 10n * SECOND, src_addr: '192.0.2.3', dst_port: 22 },
    { timestamp_ns: T + 11n * SECOND, src_addr: '192.0.2.3', dst_port: 22, ifindex: 3 },
  ]);
});
afterEach(() => rmSync(directory, { recursive: true }));

function segment(sequence: number, packets: readonly Partial<PacketLog>[]): void {
  const bytes = new Uint8Array(packets.length * PACKET_LOG_SIZE);
  packets.forEach((packet, i) => {
    encodePacketLog({ ...BASE, ...packet }, bytes, i * PACKET_LOG_SIZE);
  });
  writeSegment(directory, sequence, bytes, { node: 'n', compression: 'zstd' });
}

const DENY = { action: 'deny', source: '192.0.2.0/24' };
const rule = (id: number, more: Pick<Rule, 'action' | 'source'> & Partial<Rule>): Rule => ({
  ...{ id, reason: '', created_by: 'test', created_at: '2023-01-01T00:00:00Z' },
  ...more,
});

async function tried(rules: readonly object[], more: Partial<PastTrial> = {}) {
  const { report } = await tryPast({
    request: rulesRequestSchemas.test.parse({ rules, seconds: 1 }),
    directory,
    range: { fromNs: undefined, toNs: undefined },
    current: EMPTY_RULESET,
    protectedNow: () => [],
    compiler,
    stop: new AbortController().signal,
    progress: () => {},
    ...more,
  });
  return report;
}

describe('rules tried on recorded packets', () => {
  it('are reported with what was not denied then, by weight', async () => {
    const report = await tried([DENY]);
    expect(report).toMatchObject({
      judged: 9,
      records: 6,
      seconds: 11,
      denied: { packets: 8, bytes: 800 },
      newly_denied: { packets: 7, bytes: 700, records: 4, sources: 2 },
      by_rule: [{ draft: 0, rule: 'deny 192.0.2.0/24', packets: 8, bytes: 800 }],
      by_source: [
        { addr: '192.0.2.1', packets: 5, newly_denied: { packets: 5, bytes: 500 } },
        { addr: '192.0.2.3', packets: 2, newly_denied: { packets: 2 } },
        { addr: '192.0.2.2', packets: 1, newly_denied: { packets: 0 } },
      ],
      by_port: [
        { ip_protocol: 6, port: 443, packets: 5, newly_denied: { packets: 4 } },
        { ip_protocol: 6, port: 22, packets: 3, newly_denied: { packets: 3 } },
      ],
      looks_established: { sources: 1, packets: 4, by_source: [{ addr: '192.0.2.1', packets: 4 }] },
      known_good: { sources: 0, packets: 0 },
      incomplete: { is_partial: false, segments: 2, evaluated_segments: 2, damaged: [], gaps: [] },
    });
    expect(report.examples).toEqual([
      expect.objectContaining({ src_addr: '192.0.2.1', interface: 'eth0', dst_port: 22 }),
      expect.objectContaining({ src_addr: '192.0.2.3', interface: 'eth0' }),
    ]);
  });

  it('see only the range', async () => {
    const range = { fromNs: T + 10n * SECOND, toNs: T + 11n * SECOND };
    expect(await tried([DENY], { range })).toMatchObject({ judged: 1, denied: { packets: 1 }, seconds: 0 });
    const later = { fromNs: T + 60n * SECOND, toNs: undefined };
    expect(await tried([DENY], { range: later })).toMatchObject({ judged: 0, first_ns: null });
  });

  it('name the sources of a permit rule, whatever its port, and protected addresses', async () => {
    const current: Ruleset = {
      ...EMPTY_RULESET,
      rules: [
        rule(1, { action: 'permit', source: '192.0.2.3', protocol: 'tcp', destination_port: 80, reason: 'office' }),
        rule(2, { action: 'permit', source: 'any', destination_port: 80 }),
      ],
    };
    const addresses: Protected[] = [
      { kind: 'ssh_peer', address: '192.0.2.1', ports: [22] },
      { kind: 'gateway', address: '198.51.100.1', ports: [] },
    ];
    const report = await tried([DENY], { current, protectedNow: () => addresses });
    expect(report.known_good).toEqual({
      sources: 2,
      packets: 7,
      by_source: [
        { addr: '192.0.2.1', packets: 5, bytes: 500, because: [{ kind: 'ssh_peer', address: '192.0.2.1' }] },
        {
          addr: '192.0.2.3',
          packets: 2,
          bytes: 200,
          because: [{ kind: 'permit_rule', rule: 'permit 192.0.2.3 to tcp port 80, because: office' }],
        },
      ],
    });
    expect(report.lockouts).toEqual([{ kind: 'ssh_peer', address: '192.0.2.1' }]);
  });

  it('never expire, even if they have expired since', async () => {
    const report = await tried([{ ...DENY, expires_at: '2001-01-01T00:00:00Z' }]);
    expect(report).toMatchObject({ denied: { packets: 8 }, expiring_rules: 1 });
    expect((await tried([{ ...DENY, for: '1h' }])).expiring_rules).toBe(1);
  });

  it('use the names that interfaces had, and report names that none had', async () => {
    const eth0 = await tried([{ ...DENY, interface: 'eth0' }]);
    expect(eth0).toMatchObject({ denied: { packets: 7 }, unknown_interfaces: [] });
    const eth7 = await tried([{ ...DENY, interface: 'eth7' }]);
    expect(eth7).toMatchObject({ denied: { packets: 0 }, unknown_interfaces: ['eth7'] });
  });

  it('are rejected like those of a change', async () => {
    await expect(tried([{ action: 'deny', source: 'set:none' }])).rejects.toThrow('none');
  });
});

describe('an incomplete range', () => {
  it('has its gaps, times without recorder, and expired and damaged segments', async () => {
    const at = (seconds: number) => T + BigInt(seconds) * SECOND;
    appendToJournal(directory, { kind: 'gap', at_ns: at(5), from_ns: at(4), to_ns: at(5), records: 7, cause: 'disk' });
    appendToJournal(directory, {
      kind: 'gap',
      at_ns: at(90),
      from_ns: at(80),
      to_ns: at(90),
      records: 9,
      cause: 'disk',
    });
    appendToJournal(directory, { kind: 'stop', at_ns: at(6) });
    appendToJournal(directory, { kind: 'start', at_ns: at(9), node: 'n', version: '1' });
    const expired = { from_ns: at(0), to_ns: at(1), records: 3, permits: 3, denies: 0 };
    appendToJournal(directory, { kind: 'expired', at_ns: at(8), file: '00000000.native.zst', ...expired });
    const path = join(directory, '00000002.native.zst');
    writeFileSync(path, readFileSync(path).fill(0, 8));
    const range = { fromNs: at(0), toNs: at(20) };
    const { incomplete, judged } = await tried([DENY], { range });
    expect(judged).toBe(7);
    expect(incomplete).toMatchObject({
      is_partial: false,
      damaged: [expect.stringContaining('00000002.native.zst')],
      gaps: [{ from_ns: String(at(4)), to_ns: String(at(5)), records: 7, cause: 'disk' }],
      not_recording: [{ from_ns: String(at(6)), to_ns: String(at(9)) }],
      expired: { segments: 1, records: 3 },
    });
  });

  it('that was interrupted is partial, with what was found', async () => {
    const stop = new AbortController();
    const report = await tried([DENY], { stop: stop.signal, progress: () => stop.abort() });
    expect(report).toMatchObject({ judged: 7, incomplete: { is_partial: true, segments: 2, evaluated_segments: 1 } });
  });
});
