import { type Finding, noFindings } from '@packetlog/common';
import { expect, it } from 'vitest';
import { NO_COUNTS } from '../ipc/alerts/alerts-access.ts';
import { type LoaderStatus, loaderStatusSchema } from '../ipc/loader-status.ts';
import { problemsOf } from './run/health.ts';
import { completenessOf, statusText } from './status-text.ts';

const HOP = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
const COUNTERS = {
  seen: 12_345_678,
  permitted: 12_342_529,
  denied: 3149,
  aborted: 0,
  emitted: 12_345_678,
  sampled_out: 0,
  filtered_out: 0,
  ring_full: 0,
  bytes: 9_876_543_210,
  denied_bytes: 200_000,
};
const NOW = Date.UTC(2026, 10, 29, 10, 15, 0);
const STATUS: LoaderStatus = loaderStatusSchema.parse({
  version: '0.1.0',
  pid: 1234,
  since_ms: NOW - 7_500_000,
  interfaces: [{ name: 'eth0', ifindex: 2, mode: 'native', state: 'attached', counters: COUNTERS }],
  ledger: { at_ms: NOW, ring: HOP, queue: HOP, reasons: {} },
  rates: {
    packets: 1234,
    bytes: 1_012_500,
    denied: 3,
    by_interface: [{ name: 'eth0', packets: 1234, bytes: 1_012_500 }],
  },
  rules: { rules: 12, default_policy: 'permit', in_force: true, alarms: [] },
  clients: 2,
  alerts: { alerts: 0, firing: [], waiting: 0, counts: NO_COUNTS },
  ring_bytes: 16 * 2 ** 20,
  server: { is_running: true, pid: 1235, memory_bytes: 60 * 2 ** 20, restarts: 0, missed_reports: 0 },
  memory_bytes: 151 * 2 ** 20,
});

it('fits on a terminal and says what is asked first', () => {
  expect(statusText(STATUS, NOW)).toEqual([
    'packetlog 0.1.0, pid 1234, since 2026-11-29 08:10:00 UTC (2 h 5 min)',
    '',
    'interface  mode    packets/s  bit/s        seen  denied  lost',
    'eth0       native      1,234  8.1 M  12,345,678   3,149     0',
    '',
    'Ledger:   complete',
    'Rules:    12 rules; default policy permit',
    'Clients:  2',
    'Ring:     16 MiB per CPU, 0 records waiting',
    'Memory:   151 MiB resident, server process 60 MiB',
    'Alarm:    none',
  ]);
});

it('tells when each hub was heard, and what is wrong', () => {
  const hubs = [
    { url: 'https://a.example', heard_at_ms: NOW - 2000, problem: null },
    { url: 'https://b.example', heard_at_ms: null, problem: 'no answer. Check that the hub runs' },
  ];
  expect(statusText({ ...STATUS, hubs }, NOW).filter((line) => line.startsWith('Hub:'))).toEqual([
    'Hub:      https://a.example, heard 2 s ago',
    'Hub:      https://b.example, not heard since the start; no answer. Check that',
  ]);
});

const RECORDER = {
  ...{ offered: 1200, recorded: 1200, sampled: 0, lost: 0, pending: 0, expired: 0 },
  ...{ bytes: 5 * 2 ** 20, oldest_ms: NOW - 3_600_000, unsealed: 0, recording: true },
};

it.each([
  [{}, 'complete', 'Recorder: back to 1 h 0 min ago, 5 MiB; 1,200 records since the start'],
  [{ bytes: 192 }, 'complete', 'Recorder: back to 1 h 0 min ago, less than 1 MiB; 1,200 records since the start'],
  [
    { recorded: 1, sampled: 1199, oldest_ms: 0 },
    'complete',
    'Recorder: no packets yet; 1 record since the start, 1,199 sampled',
  ],
  [
    { recording: false, recorded: 1100, lost: 100 },
    '100 records not on the disk',
    'Recorder: STOPPED; back to 1 h 0 min ago, 5 MiB; 1,100 records since the start',
  ],
])('says what the recorder keeps: %j', (more, completeness, line) => {
  const status = { ...STATUS, ledger: { ...STATUS.ledger, recorder: { ...RECORDER, ...more } } };
  expect(completenessOf(status)).toBe(completeness);
  expect(statusText(status, NOW)).toContain(line);
});

it('lists the findings that are open', () => {
  const finding: Finding = {
    id: 1,
    kind: 'port_scan',
    opened_at_ms: NOW - 40_000,
    first_at_ms: NOW - 42_000,
    last_at_ms: NOW - 2000,
    source: '203.0.113.66',
    destination: '192.0.2.2',
    packets: 3000,
    ports: 3000,
    filter: 'src 203.0.113.66',
  };
  const second = { ...finding, id: 2, source: '203.0.113.7' };
  const findings = { ...noFindings(NOW), open: [finding, second] };
  expect(statusText({ ...STATUS, findings }, NOW).slice(-3, -1)).toEqual([
    'Findings: 203.0.113.66 scanned 3,000 ports of 192.0.2.2 in 40 s (open for 40 s)',
    '          203.0.113.7 scanned 3,000 ports of 192.0.2.2 in 40 s (open for 40 s)',
  ]);
});

it('wraps long alarms at 80 columns and gives their age', () => {
  const message =
    'The list of the set drop was rejected: line 17 is not an address. The last good list stays in force.';
  const alarm = { at_ms: NOW - 90_000, level: 'warning', code: 'rules_fallback', message } as const;
  const lines = statusText({ ...STATUS, last_alarm: alarm }, NOW);
  expect(lines.slice(-2)).toEqual([
    'Alarm:    1 min ago: The list of the set drop was rejected: line 17 is not an',
    '          address. The last good list stays in force.',
  ]);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

it('fits on 80 columns with long names and large numbers', () => {
  const [first] = STATUS.interfaces;
  if (first === undefined) throw new Error('no interface');
  const name = 'enx0123456789ab';
  const counters = { ...COUNTERS, seen: 9_876_543_210_123, denied: 8_765_432_101, ring_full: 123_456_789 };
  const rates = { ...STATUS.rates, by_interface: [{ name, packets: 14_880_952, bytes: 1_250_000_000 }] };
  const lines = statusText({ ...STATUS, rates, interfaces: [{ ...first, name, mode: 'native_frags', counters }] }, NOW);
  expect(lines[3]).toMatch(/^enx0123456789ab +native with frags +14\.9 M +10\.0 G +9\.9 T +8\.8 G +123 M$/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

it('packets that were not recorded are not a complete ledger', () => {
  const [first] = STATUS.interfaces;
  if (first === undefined) throw new Error('no interface');
  const counters = { ...COUNTERS, emitted: 0, filtered_out: COUNTERS.seen };
  expect(completenessOf({ ...STATUS, interfaces: [{ ...first, counters }] })).toBe(
    '12,345,678 packets not recorded: --count-only',
  );
});

it('prints no escape sequence of a name', () => {
  const [first] = STATUS.interfaces;
  if (first === undefined) throw new Error('no interface');
  expect(statusText({ ...STATUS, interfaces: [{ ...first, name: '\x1b[31mred' }] }, NOW).join('\n')).not.toContain(
    '\x1b',
  );
});

it.each([
  ['complete', {}],
  ['5 records lost: ring full', { ring_full: 5 }],
  ['1 packet not recorded: sampling', { sampled_out: 1 }],
])('the ledger is: %s', (text, counters) => {
  const [first] = STATUS.interfaces;
  if (first === undefined) throw new Error('no interface');
  expect(completenessOf({ ...STATUS, interfaces: [{ ...first, counters: { ...COUNTERS, ...counters } }] })).toBe(text);
});

it('a full queue is named as the cause', () => {
  const ledger = { ...STATUS.ledger, queue: { ...HOP, dropped: 1234 } };
  expect(completenessOf({ ...STATUS, ledger })).toBe('1,234 records lost: queue full');
});

it('problems are an interface that is gone, rules that are not in force, and alarms of the rules', () => {
  const [first] = STATUS.interfaces;
  if (first === undefined) throw new Error('no interface');
  expect(problemsOf(STATUS)).toEqual([]);
  expect(
    problemsOf({
      ...STATUS,
      interfaces: [{ ...first, state: 'gone' }],
      rules: { ...STATUS.rules, in_force: false, alarms: ['The rules file was rejected.'] },
    }),
  ).toEqual([
    'eth0 is not watched (gone).',
    'The rules are not in force: see packetlog rules list.',
    'The rules file was rejected.',
  ]);
});

it('names the alerts that fire, and what is not delivered', () => {
  const counts = { ...NO_COUNTS, failed: 1 };
  const lines = (alerts: LoaderStatus['alerts']) =>
    statusText({ ...STATUS, alerts }, NOW).filter((line) => /Alerts|Problem|delivered|given up/.test(line));
  expect(lines(STATUS.alerts)).toEqual([]);
  expect(lines({ alerts: 3, firing: ['denied', 'disk'], waiting: 2, counts: NO_COUNTS })).toEqual([
    'Alerts:   3 alerts, firing: denied, disk; 2 events not delivered yet',
  ]);
  expect(lines({ alerts: 1, firing: [], waiting: 0, counts })).toEqual([
    'Alerts:   1 alert, none fires; 1 event given up',
  ]);
  expect(lines({ ...STATUS.alerts, problem: 'alerts.json is damaged' })).toEqual(['Problem:  alerts.json is damaged']);
});
