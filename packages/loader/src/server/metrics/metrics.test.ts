import type { InterfaceLedger, RulesSnapshot } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { hop, ledger } from '../../../test/support/server-fixture.ts';
import type { DrainLedger } from '../../ipc/messages.ts';
import { Metrics, type MetricsSource } from './metrics.ts';
import { MAX_RULE_SERIES } from './rules-metrics.ts';

const NO_RECORDS = { ...hop, filtered: 0 };
const counters: InterfaceLedger = {
  seen: 100,
  permitted: 60,
  denied: 39,
  aborted: 1,
  emitted: 70,
  sampled_out: 20,
  filtered_out: 3,
  ring_full: 7,
  bytes: 6000,
  denied_bytes: 2340,
};
const eth0 = { name: 'eth0', ifindex: 2, mode: 'native', state: 'attached', counters } as const;
const noRules = {
  revision: 1,
  default_policy: 'permit',
  rules: [],
  sets: [],
  enforcing: false,
  pinned: false,
} as const;

function rule(id: number) {
  return { id, action: 'deny', packets: id * 10, bytes: id * 600 } as unknown as RulesSnapshot['rules'][number];
}

function started(source: Partial<MetricsSource> = {}): Metrics {
  const metrics = new Metrics();
  metrics.start({
    build: { version: '1.2.3', protocol: 2, transport: 'array' },
    startedAtMs: 5000,
    isHealthy: () => true,
    clients: () => ({ readers: 2, admins: 1 }),
    connections: () => 4,
    certificateExpiresMs: () => undefined,
    rules: () => ({ ...noRules, rules: [], sets: [] }),
    limits: async () => ({ ok: true, value: { at_ms: 0, limits: [] } }),
    clientRecords: () => NO_RECORDS,
    ...source,
  });
  return metrics;
}

/** The samples as an object: name and labels, and the value. */
async function samples(metrics: Metrics): Promise<Record<string, number>> {
  const text = (await metrics.text()) ?? '';
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const seconds = (more: Partial<DrainLedger>): DrainLedger => ({ ...ledger, at_ms: 9000, ...more });

describe('the metrics', () => {
  it('do not exist before the start', () => {
    expect(new Metrics().text()).toBeUndefined();
  });

  it('have the connections that were given up, if a limit counts connections', async () => {
    const name = 'packetlog_limit_evicted_connections_total';
    const limited = (evicted: object) =>
      started({
        rules: () => ({ ...noRules, rules: [{ ...rule(1), action: 'limit' }], sets: [] }),
        limits: async () => ({ ok: true, value: { at_ms: 0, limits: [], ...evicted } }),
      });
    expect(await samples(limited({ evicted_connections: 7 }))).toMatchObject({ [name]: 7 });
    expect(await samples(limited({}))).not.toHaveProperty(name);
  });

  it('have the ledger: verdicts and outcomes add up to the packets seen', async () => {
    const metrics = started({
      clientRecords: () => ({ ...NO_RECORDS, offered: 9, delivered: 8, pending: 1, filtered: 5 }),
    });
    const ring = { ...hop, offered: 70, delivered: 69, pending: 1 };
    const queue = { ...hop, offered: 69, delivered: 60, dropped: 4, withheld: 5 };
    metrics.second(seconds({ interfaces: [eth0], ring, queue, before: 3, reasons: { malformed: 2 } }));
    expect(await samples(metrics)).toMatchObject({
      'packetlog_seen_packets_total{interface="eth0"}': 100,
      'packetlog_seen_bytes_total{interface="eth0"}': 6000,
      'packetlog_denied_bytes_total{interface="eth0"}': 2340,
      'packetlog_verdict_packets_total{interface="eth0",action="permit"}': 60,
      'packetlog_verdict_packets_total{interface="eth0",action="deny"}': 39,
      'packetlog_verdict_packets_total{interface="eth0",action="aborted"}': 1,
      'packetlog_kernel_packets_total{interface="eth0",outcome="recorded"}': 70,
      'packetlog_kernel_packets_total{interface="eth0",outcome="ring_full"}': 7,
      'packetlog_kernel_packets_total{interface="eth0",outcome="sampled"}': 20,
      'packetlog_kernel_packets_total{interface="eth0",outcome="not_recorded"}': 3,
      'packetlog_interface_attached{interface="eth0",mode="native"}': 1,
      'packetlog_reason_packets_total{reason="malformed"}': 2,
      'packetlog_reason_packets_total{reason="truncated"}': 0,
      'packetlog_seen_packets_total{interface="unwatched"}': 0,
      'packetlog_hop_offered_records_total{hop="queue"}': 69,
      'packetlog_hop_records_total{hop="queue",outcome="delivered"}': 60,
      'packetlog_hop_records_total{hop="queue",outcome="lost"}': 4,
      'packetlog_hop_records_total{hop="queue",outcome="withheld"}': 5,
      'packetlog_hop_pending_records{hop="ring"}': 1,
      'packetlog_hop_offered_records_total{hop="clients"}': 9,
      packetlog_client_filtered_records_total: 5,
      packetlog_earlier_loader_records_total: 3,
      packetlog_report_time_seconds: 9,
    });
  });

  it('add up two interfaces of one name, and list packets of unwatched interfaces separately', async () => {
    const metrics = started();
    metrics.second(seconds({ interfaces: [eth0, { ...eth0, ifindex: 3 }], unwatched: { ifindex: 9, counters } }));
    expect(await samples(metrics)).toMatchObject({
      'packetlog_seen_packets_total{interface="eth0"}': 200,
      'packetlog_seen_packets_total{interface="unwatched"}': 100,
    });
  });

  it('quote a name that has quotes and line ends', async () => {
    const metrics = started();
    metrics.second(seconds({ interfaces: [{ ...eth0, name: 'a"b\\c\nd' }] }));
    expect(await metrics.text()).toContain('packetlog_seen_packets_total{interface="a\\"b\\\\c\\nd"} 100');
  });

  it('have a series for known protocols, and one for all others', async () => {
    const metrics = started();
    const protocols = [6, 17, 200, 201, 255].map((ip_protocol) => ({ ip_protocol, packets: ip_protocol, bytes: 1 }));
    const reader = { protocols, ring_bytes: 1, ring_fill: 0, lag_ms: 0, pid: process.pid, resident_bytes: 1 };
    metrics.second(seconds({ reader }));
    const found = Object.entries(await samples(metrics)).filter(([name]) => name.includes('protocol_packets'));
    expect(found).toHaveLength(15);
    const seen = found.filter(([, packets]) => packets > 0);
    expect(Object.fromEntries(seen.map(([name, packets]) => [/"(\w+)"/.exec(name)?.[1], packets]))).toEqual({
      tcp: 6,
      udp: 17,
      other: 401,
      not_ip: 255,
    });
  });

  it('bound the series of rules, and say how many rules have none', async () => {
    const rules = Array.from({ length: MAX_RULE_SERIES + 7 }, (_, i) => rule(MAX_RULE_SERIES + 7 - i));
    const found = await samples(started({ rules: () => ({ ...noRules, rules, sets: [], default_policy: 'deny' }) }));
    const series = Object.keys(found).filter((name) => name.startsWith('packetlog_rule_packets_total'));
    expect(series).toHaveLength(MAX_RULE_SERIES);
    expect(found).toMatchObject({
      'packetlog_rule_packets_total{rule="1",action="deny"}': 10,
      [`packetlog_rule_bytes_total{rule="${MAX_RULE_SERIES}",action="deny"}`]: MAX_RULE_SERIES * 600,
      packetlog_rules_without_series: 7,
      'packetlog_rules{action="deny"}': MAX_RULE_SERIES + 7,
      'packetlog_rules{action="permit"}': 0,
      'packetlog_rules_default_policy{policy="deny"}': 1,
      'packetlog_rules_default_policy{policy="permit"}': 0,
      packetlog_rules_in_force: 1,
    });
  });

  it('have the state of the rules: not in force, unconfirmed, alarms', async () => {
    const found = await samples(
      started({
        rules: () => ({
          ...{ ...noRules, rules: [], sets: [] },
          in_force: { by: 'loader', interfaces: [], is_current: false },
          pending: { until_ms: 1, revision_before: 1, why: '' },
          alarms: [{ code: 'audit', message: '', since_ms: 1 }],
        }),
        isHealthy: async () => false,
      }),
    );
    expect(found).toMatchObject({
      packetlog_rules_in_force: 0,
      packetlog_rules_unconfirmed: 1,
      'packetlog_alarms{code="audit"}': 1,
      'packetlog_alarms{code="set_file"}': 0,
      packetlog_healthy: 0,
    });
  });

  it('have the loader: clients, notices, peaks, memory once per process, build', async () => {
    const metrics = started();
    const reader = { protocols: [], ring_bytes: 4096, pid: process.pid + 1, resident_bytes: 77 };
    metrics.second(seconds({ reader: { ...reader, ring_fill: 0.5, lag_ms: 250 } }));
    metrics.second(seconds({ reader: { ...reader, ring_fill: 0.1, lag_ms: 3 } }));
    for (const code of ['clock_step', 'clock_step', 'loss_began'] as const)
      metrics.notice({ at_ms: 1, level: 'warning', code, message: '' });
    expect(await samples(metrics)).toMatchObject({
      'packetlog_clients{access="read_only"}': 2,
      'packetlog_clients{access="admin"}': 1,
      packetlog_connections: 4,
      'packetlog_notices_total{code="clock_step"}': 2,
      'packetlog_notices_total{code="loss_began"}': 1,
      'packetlog_notices_total{code="attach_failed"}': 0,
      packetlog_ring_fill_ratio: 0.5,
      packetlog_drain_lag_seconds: 0.25,
      packetlog_ring_size_bytes: 4096,
      'packetlog_process_resident_memory_bytes{process="core"}': 77,
      'packetlog_process_resident_memory_bytes{process="server"}': expect.any(Number),
      [`packetlog_build_info{version="1.2.3",protocol="2",transport="array",node_version="${process.versions.node}"}`]: 1,
      packetlog_start_time_seconds: 5,
      packetlog_healthy: 1,
    });
    metrics.second(seconds({ reader: { ...reader, ring_fill: 0, lag_ms: 0, pid: process.pid } }));
    const text = await metrics.text(performance.now() + 2000);
    expect(text?.match(/^packetlog_process_resident_memory_bytes.*/gm)).toEqual([
      expect.stringMatching(/\{process="loader"\} \d+$/),
    ]);
  });

  it('have alerts, whose outcomes add up to their events', async () => {
    const metrics = started();
    metrics.second(seconds({}));
    expect(Object.keys(await samples(metrics)).filter((name) => /^packetlog_alerts?_/.test(name))).toEqual([]);
    const counts = {
      ...{ fired: 5, resolved: 3, repeated: 2, sent: 4, suppressed: 3, failed: 1, discarded: 1 },
      ...{ attempts: 9, failed_attempts: 6 },
    };
    metrics.second(seconds({ alerts: { alerts: 3, firing: ['denied'], waiting: 1, counts } }));
    const text = (await metrics.text(performance.now() + 2000)) ?? '';
    const value = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    expect(value('packetlog_alerts_configured')).toBe(3);
    expect(value('packetlog_alerts_firing')).toBe(1);
    const sum = (metric: string, label: string, names: string[]) =>
      names.reduce((all, name) => all + value(`${metric}{${label}="${name}"}`), 0);
    const events = sum('packetlog_alert_events_total', 'event', ['fired', 'resolved', 'repeated']);
    const outcomes = sum('packetlog_alert_outcomes_total', 'outcome', ['sent', 'suppressed', 'failed', 'discarded']);
    expect([events, outcomes + value('packetlog_alert_waiting_events')]).toEqual([10, 10]);
    expect(value('packetlog_alert_attempts_total{result="accepted"}')).toBe(3);
    expect(value('packetlog_alert_attempts_total{result="failed"}')).toBe(6);
  });

  it('are made once for scrapes at the same time', async () => {
    let asked = 0;
    const metrics = started({ rules: () => ({ ...noRules, rules: [], sets: [], revision: ++asked }) });
    await Promise.all([metrics.text(1000), metrics.text(1000), metrics.text(1999)]);
    expect(asked).toBe(1);
    await metrics.text(2000);
    expect(asked).toBe(2);
  });

  it('all have names that begin with packetlog_, and help', async () => {
    const text = (await started().text()) ?? '';
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !name?.startsWith('packetlog_'))).toEqual([]);
    expect(text.match(/^# HELP \S+ [A-Z].*\.$/gm)).toHaveLength(names.length);
  });
});
