import { parseAlertCondition, type Summary } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { hop, ledger } from '../../test/support/server-fixture.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import { type AlertFacts, alertValue, MeasuredRates } from './alert-values.ts';

const NO_BANS = {
  ban: { count: 0, newest: undefined },
  would_ban: { count: 0, newest: undefined },
  isLimited: false,
  active: 3,
};
const NOTHING: AlertFacts = {
  bans: NO_BANS,
  ...{
    rates: undefined,
    counts: undefined,
    newSources: undefined,
    filtered: new Map(),
    interfaces: undefined,
    recorder: undefined,
    alarms: [],
    disk: undefined,
  },
};
const eth0 = { name: 'eth0', ifindex: 2, mode: 'native', state: 'attached' } as const;
const counters = (ring_full: number) => ({
  ...{ seen: 0, permitted: 0, denied: 0, aborted: 0, emitted: 0, sampled_out: 0, filtered_out: 0, ring_full },
  ...{ bytes: 0, denied_bytes: 0 },
});
const valueFor = (condition: string, facts: Partial<AlertFacts>) =>
  alertValue(parseAlertCondition(condition), { ...NOTHING, ...facts });

function reported(more: Partial<DrainLedger>): DrainLedger {
  return { ...ledger, ...more };
}

describe('rates', () => {
  const summary = (more: Partial<Summary>): Summary => ({ ...emptySummary, interval_ms: 2000, ...more });

  it('are unknown before the second report, and per second after it', () => {
    const measured = new MeasuredRates();
    measured.second(
      reported({ interfaces: [{ ...eth0, counters: counters(5) }], reasons: { would_deny: 7 } }),
      summary({}),
    );
    expect(measured.rates).toBeUndefined();
    const later = reported({
      interfaces: [{ ...eth0, counters: counters(9) }],
      unwatched: { ifindex: 3, counters: counters(2) },
      queue: { ...hop, dropped: 10 },
      server: { ...hop, dropped: 20 },
      reasons: { would_deny: 27 },
    });
    const total = { packets: 100, bytes: 6000 };
    measured.second(later, summary({ total, by_action: { deny: 30, permit: 70, aborted: 0 } }));
    expect(measured.rates).toEqual({
      ...{ packets: 50, bytes: 3000, denied: 15, would_deny: 10, lost: 18, 'ring loss': 3 },
    });
    expect(measured.counts).toEqual({ packets: 100, denied: 30, would_deny: 20 });
  });

  it('are compared and shown with their unit; those of a filter by its text', () => {
    const rates = { packets: 1234.5, bytes: 1, denied: 0, would_deny: 0.25, lost: 3, 'ring loss': 0 };
    expect(valueFor('packets > 5', { rates })).toEqual({ value: 1234.5, text: '1,235/s' });
    expect(valueFor('would_deny > 5', { rates })).toEqual({ value: 0.25, text: '0.3/s' });
    expect(valueFor('packets > 5', {}).value).toBeUndefined();
    const filtered = new Map([['tcp', { packets: 4, bytes: 5, denied: 6, would_deny: 7 }]]);
    expect(valueFor('denied matching "tcp" > 5', { rates, filtered }).value).toBe(6);
    expect(valueFor('denied matching "udp" > 5', { rates, filtered }).value).toBeUndefined();
  });
});

describe('bans', () => {
  it('are one alert within a minute, with their number and the newest', () => {
    expect(valueFor('ban', {})).toEqual({ value: 0, text: 'none within a minute' });
    const ban = { count: 3, newest: '203.0.113.7 banned for 1 h' };
    expect(valueFor('ban', { bans: { ...NO_BANS, ban } })).toEqual({
      value: 1,
      text: '3 bans within a minute, the newest: 203.0.113.7 banned for 1 h',
    });
    const would_ban = { count: 1, newest: undefined };
    expect(valueFor('would-ban', { bans: { ...NO_BANS, would_ban } }).text).toBe('1 would-be ban within a minute');
    expect(valueFor('ban limit', {})).toEqual({ value: 0, text: '3 bans are in force' });
    expect(valueFor('ban limit', { bans: { ...NO_BANS, isLimited: true } }).value).toBe(1);
  });
});

describe('new sources', () => {
  it('are a rate that the drain thread measures', () => {
    expect(valueFor('new sources > 5', { newSources: 512.4 })).toEqual({ value: 512.4, text: '512/s' });
    expect(valueFor('new sources > 5', {}).value).toBeUndefined();
  });
});

describe('shares', () => {
  const counts = { packets: 1000, denied: 342, would_deny: 5 };

  it('are percents of all packets of the second, with both numbers', () => {
    expect(valueFor('denied > 30%', { counts })).toEqual({ value: 34.2, text: '34.2 %: 342 of 1,000 packets' });
    expect(valueFor('would_deny > 5%', { counts })).toEqual({ value: 0.5, text: '0.5 %: 5 of 1,000 packets' });
    expect(valueFor('denied > 30%', {}).value).toBeUndefined();
  });

  it('are at most 100 %, also if the counters of a packet are halfway', () => {
    expect(valueFor('denied > 30%', { counts: { ...counts, denied: 1001 } }).value).toBe(100);
  });

  it('are 0 with fewer than 100 packets', () => {
    const few = (packets: number) => valueFor('denied > 30%', { counts: { ...counts, packets, denied: packets } });
    expect(few(3)).toEqual({ value: 0, text: '3 of 3 packets, too few for a share' });
    expect([0, 99, 100].map((packets) => few(packets).value)).toEqual([0, 0, 100]);
  });
});

describe('states', () => {
  it('name what is wrong', () => {
    const interfaces = [
      { ...eth0, counters: counters(0) },
      { ...eth0, name: 'eth1', state: 'gone' as const, counters: counters(0) },
    ];
    expect(valueFor('interface missing', { interfaces })).toEqual({ value: 1, text: 'eth1 (gone)' });
    expect(valueFor('interface missing', { interfaces: interfaces.slice(0, 1) }).value).toBe(0);
    expect(valueFor('rules alarm', { alarms: ['The file is gone.'] })).toEqual({ value: 1, text: 'The file is gone.' });
    expect(valueFor('rules alarm', { alarms: Array.from({ length: 7 }, (_, i) => `${i}`) }).text).toBe(
      '0, 1, 2, 3, 4 and 2 more',
    );
    expect(valueFor('rules alarm', {}).value).toBe(0);
  });

  it('of a recorder are unknown where nothing is recorded', () => {
    const recorder = {
      ...{
        offered: 0,
        recorded: 0,
        sampled: 0,
        lost: 1500,
        pending: 0,
        expired: 0,
        bytes: 0,
        oldest_ms: 0,
        unsealed: 0,
      },
      recording: false,
    };
    expect(valueFor('recorder stopped', {}).value).toBeUndefined();
    expect(valueFor('recorder stopped', { recorder })).toMatchObject({ value: 1, text: /1,500 records lost/ });
    expect(valueFor('recorder stopped', { recorder: { ...recorder, recording: true } }).value).toBe(0);
  });

  it('of the disk name the fullest', () => {
    expect(valueFor('disk < 5%', { disk: { percent: 3.21, directory: '/var' } })).toEqual({
      ...{ value: 3.21, text: '3.2 % of /var is free' },
    });
    expect(valueFor('disk < 5%', {}).value).toBeUndefined();
  });
});
