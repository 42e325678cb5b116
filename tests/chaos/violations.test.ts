import type { InterfaceLedger } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import type { Window } from './lab.ts';
import type { Reading } from './reading.ts';
import type { Report } from './traffic/traffic.ts';
import { type Interval, violations } from './violations.ts';

const NOTHING: InterfaceLedger = {
  ...{ seen: 0, permitted: 0, denied: 0, aborted: 0, emitted: 0, sampled_out: 0, filtered_out: 0, ring_full: 0 },
  ...{ bytes: 0, denied_bytes: 0 },
};
const HOP = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
const EMPTY: Report = { permitted: 0, denied: 0, doubled: 0, missing: [], passed: [], unreadable: 0, drops: 0 };
const START: Reading = {
  next: 0,
  failed: 0,
  wire: { sent: 0, dropped: 0, received: 0, exact: true },
  report: EMPTY,
  view: {
    ...{ received: 0, batches: 0, gaps: 0, wrong: 0, offered: 0, dropped: 0, withheld: 0, filtered: 0 },
    ...{ weights: 0, variance: 0, ledger: null, queueDropped: 0, connected: true },
  },
  status: {
    pid: 1,
    interfaces: [],
    ledger: { at_ms: 0, ring: HOP, queue: HOP },
    rules: { in_force: true, alarms: [] },
    server: { is_running: true, pid: 2, restarts: 0 },
  },
  askedAt: 0,
  counters: NOTHING,
  unwatched: 0,
  recorded: 0,
  hits: 0,
};
const SENT = 1000;
const HALF = SENT / 2;
/** All frames arrived, and half of them were denied. */
const RIGHT: Reading = {
  ...START,
  next: SENT,
  wire: { sent: SENT, dropped: 0, received: SENT, exact: true },
  report: { ...EMPTY, permitted: HALF },
  status: {
    ...START.status,
    ledger: {
      at_ms: 1,
      ring: { ...HOP, offered: SENT, delivered: SENT },
      queue: { ...HOP, offered: SENT, withheld: SENT },
    },
  },
  counters: { ...NOTHING, seen: SENT, permitted: HALF, denied: HALF, emitted: SENT },
  recorded: SENT,
  hits: HALF,
};

const found = (changes: Partial<Reading>, windows: Window[] = [], forgotten: Interval['forgotten'] = new Set()) =>
  violations({ before: START, after: { ...RIGHT, ...changes }, windows, forgotten });
const report = (changes: Partial<Report>) => ({ report: { ...RIGHT.report, ...changes } });
const counters = (changes: Partial<InterfaceLedger>) => ({
  counters: { ...RIGHT.counters, ...changes },
  recorded: changes.emitted ?? SENT,
});

describe('the invariants', () => {
  it('hold when everything arrived and is counted', () => {
    expect(found({})).toEqual([]);
  });

  it.each<[string, Partial<Reading>, RegExp]>([
    [
      'a denied packet passes',
      report({ denied: 1, passed: [{ from: 602, to: 602, count: 1 }] }),
      /1 denied packets passed/,
    ],
    [
      'a permitted packet is missing',
      report({ permitted: HALF - 1, missing: [{ from: 4, to: 4, count: 1 }] }),
      /1 permitted packets did not arrive: 1 of numbers 4 to 4/,
    ],
    ['a packet arrives twice', report({ doubled: 1 }), /1 packets arrived twice/],
    [
      'a packet is not counted',
      counters({ seen: SENT - 1, permitted: HALF - 1, emitted: SENT - 1 }),
      /the ledger has seen 999/,
    ],
    [
      'a denied packet is not counted',
      counters({ seen: SENT - 1, denied: HALF - 1, emitted: SENT - 1 }),
      /1000 packets arrived at the interface, but 500 permitted/,
    ],
    [
      'a record is lost uncounted',
      {
        status: {
          ...RIGHT.status,
          ledger: { ...RIGHT.status.ledger, ring: { ...HOP, offered: SENT, delivered: SENT - 1 } },
        },
      },
      /ring: offered = delivered/,
    ],
    ['a loss is counted twice', counters({ ring_full: 1 }), /seen = recorded/],
    ['a rule counts another number', { hits: HALF - 1 }, /the ledger counts 500 denied packets, and the rules 499/],
    ['the wire loses a packet', { wire: { ...RIGHT.wire, received: SENT - 1 } }, /999 were received/],
    ['the sender is wrong', { next: SENT + 1 }, /1001 frames were sent/],
    ['a client misses a batch', { view: { ...RIGHT.view, gaps: 1 } }, /gaps between batches/],
  ])('are violated when %s', (_, changes, expected) => {
    expect(found(changes).join('\n')).toMatch(expected);
  });

  it('permit denied packets to pass only while no program was there', () => {
    const passed = { ...RIGHT, ...report({ denied: 100, passed: [{ from: 302, to: 501, count: 100 }] }) };
    const unseen = { ...counters({ seen: 800, permitted: 400, denied: 400, emitted: 800 }), hits: 400 };
    const ring = { ...HOP, offered: 800, delivered: 800 };
    const status = {
      ...RIGHT.status,
      ledger: { ...RIGHT.status.ledger, ring, queue: { ...HOP, offered: 800, withheld: 800 } },
    };
    const change = { ...passed, ...unseen, status };
    expect(found(change, [{ kind: 'open', from: 300, to: 600 }])).toEqual([]);
    expect(found(change, [{ kind: 'open', from: 300, to: 450 }]).join()).toMatch(/100 denied packets passed/);
    expect(found(change, [{ kind: 'open', from: 400, to: 600 }]).join()).toMatch(/100 denied packets passed/);
  });

  it('permit packets to be missing only while the cable was away', () => {
    const change = {
      ...report({ permitted: 400, missing: [{ from: 200, to: 399, count: 100 }] }),
      wire: { sent: 800, dropped: 0, received: 800, exact: true },
      ...counters({ seen: 800, permitted: 400, denied: 400, emitted: 800 }),
      hits: 400,
      status: {
        ...RIGHT.status,
        ledger: {
          ...RIGHT.status.ledger,
          ring: { ...HOP, offered: 800, delivered: 800 },
          queue: { ...HOP, offered: 800, withheld: 800 },
        },
      },
    };
    expect(found(change, [{ kind: 'outage', from: 190, to: 400 }])).toEqual([]);
    expect(found(change).join('\n')).toMatch(/100 permitted packets did not arrive/);
  });
});
