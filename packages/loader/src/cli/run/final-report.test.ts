import type { InterfaceLedger } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import type { DrainLedger } from '../../ipc/messages.ts';
import { ledgerJson, ledgerText } from './final-report.ts';

/** Programs read these names. */
const told = {
  seen: 12_345,
  permitted: 12_345,
  denied: 0,
  aborted: 0,
  emitted: 12_000,
  sampled_out: 0,
  filtered_out: 0,
  ring_full: 345,
  bytes: 1_000_000,
};
const counters: InterfaceLedger = { ...told, denied_bytes: 0 };

function ledger(change: Partial<InterfaceLedger> = {}, name = 'eth0'): DrainLedger {
  return {
    at_ms: 0,
    interfaces: [{ name, ifindex: 2, mode: 'native', state: 'attached', counters: { ...counters, ...change } }],
    ring: { offered: 12_000, delivered: 11_990, dropped: 0, withheld: 0, pending: 10 },
    queue: { offered: 11_990, delivered: 11_900, dropped: 70, withheld: 0, pending: 20 },
    reasons: {},
  };
}

describe('the last line of JSON', () => {
  it('accounts for every record that was emitted', () => {
    const last = JSON.parse(ledgerJson(ledger(), { console: 11_800, dropped: 100 }));
    expect(last).toEqual({ ledger: { eth0: told, delivered: { console: 11_800, dropped: 100 + 70 + 20 + 10 } } });
    expect(last.ledger.delivered.console + last.ledger.delivered.dropped).toBe(12_000);
  });
});

describe('a program that a later loader takes over', () => {
  it('accounts for records of earlier loaders and of the next one', () => {
    const taken = { ...ledger(), before: 500, ring: { ...ledger().ring, offered: 11_500, delivered: 11_490 } };
    const { delivered } = JSON.parse(ledgerJson(taken, { console: 11_300, dropped: 100 }, true)).ledger;
    expect(delivered).toEqual({ console: 11_300, dropped: 100 + 70 + 20, before: 500, waiting: 10 });
    expect(delivered.console + delivered.dropped + delivered.before + delivered.waiting).toBe(12_000);
  });
});

describe('the log of denied packets', () => {
  it('is in both reports, with what is not in the log and why', () => {
    const denyLog = { written: 1500, withheld: 20, lost: 3 };
    expect(JSON.parse(ledgerJson(ledger(), { console: 0, dropped: 0 }, false, denyLog)).deny_log).toEqual(denyLog);
    expect(ledgerText(ledger(), undefined, { denyLog }).at(-1)).toBe(
      'deny log: 1,500 written, 20 withheld by the rate limit, 3 lost',
    );
  });
});

describe('the recorder', () => {
  const recorder = {
    ...{ offered: 12_000, recorded: 11_000, sampled: 900, lost: 60, pending: 40, expired: 5 },
    ...{ bytes: 1, oldest_ms: 1, unsealed: 0, recording: true },
  };

  it('is in both reports; what was never written counts as lost', () => {
    const last = { ...ledger(), recorder };
    const counts = JSON.parse(ledgerJson(last, { console: 0, dropped: 0 })).recorder;
    expect(counts).toEqual({ offered: 12_000, recorded: 11_000, sampled: 900, lost: 100, expired: 5 });
    expect(ledgerText(last, undefined).at(-1)).toBe('recorder: 11,000 recorded, 900 sampled, 100 lost');
  });
});

describe('packets excluded by a filter', () => {
  it('are listed separately from losses, in both reports', () => {
    const counts = { console: 800, dropped: 100, filtered: 11_000 };
    const { delivered } = JSON.parse(ledgerJson(ledger(), counts)).ledger;
    expect(delivered).toEqual({ console: 800, filtered: 11_000, dropped: 200 });
    expect(delivered.console + delivered.filtered + delivered.dropped).toBe(12_000);
    expect(ledgerText(ledger(), counts).at(-1)).toBe('console: 800 printed, 11,000 filtered, 200 lost after the ring');
  });
});

describe('the final report', () => {
  it('has one line for each interface, and one for the console', () => {
    expect(ledgerText(ledger(), { console: 11_800, dropped: 100 })).toEqual([
      'eth0: 12,345 packets seen (1,000,000 bytes), 12,345 permitted; 12,000 recorded, 345 lost in the ring',
      'console: 11,800 printed, 200 lost after the ring',
    ]);
  });

  it('has a line for packets of interfaces that are not watched, whose records count', () => {
    const of = {
      ...ledger(),
      unwatched: { ifindex: 9, counters: { ...counters, seen: 3, permitted: 3, emitted: 3, ring_full: 0, bytes: 180 } },
    };
    expect(ledgerText(of, undefined)[1]).toBe(
      'unwatched: 3 packets seen (180 bytes), 3 permitted; 3 recorded, 0 lost in the ring',
    );
    expect(JSON.parse(ledgerJson(of, { console: 0, dropped: 0 })).ledger.unwatched).toMatchObject({
      seen: 3,
      emitted: 3,
    });
  });

  it.each<[string, Partial<InterfaceLedger>, string]>([
    ['denials', { denied: 5, aborted: 1 }, '12,345 permitted, 5 denied, 1 aborted; '],
    ['what was not recorded', { filtered_out: 9, sampled_out: 1 }, 'lost in the ring, 10 not recorded'],
  ])('names %s only if there are any', (_, change, text) => {
    expect(ledgerText(ledger(change), undefined)).toEqual([expect.stringContaining(text)]);
  });

  it('replaces control characters in an interface name', () => {
    expect(ledgerText(ledger({}, '\u001b[2J'), undefined)[0]).toMatch(/^\\x1b\[2J: /);
  });
});
