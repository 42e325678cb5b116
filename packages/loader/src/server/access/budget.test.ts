import { describe, expect, it } from 'vitest';
import { Budgets, type ClientBudget } from './budget.ts';

const taken = (budget: ClientBudget, tries: number, cost = 1) =>
  Array.from({ length: tries }, () => budget.take(cost)).filter(Boolean).length;

describe('budgets', () => {
  it('allow 200 cheap messages at once, then 100 per second', () => {
    let now = 0;
    const client = new Budgets(() => now).of('loopback', false);
    expect(taken(client, 200)).toBe(200);
    expect(client.take(1)).toBe(false);
    now += 500;
    expect(taken(client, 60)).toBe(49);
    now += 60_000;
    expect(taken(client, 1000)).toBe(200);
  });

  it('allow costly messages less often', () => {
    let now = 0;
    const client = new Budgets(() => now).of('loopback', false);
    expect(taken(client, 5, 50)).toBe(4);
    now += 2000;
    expect(taken(client, 5, 50)).toBe(3);
    now += 60_000;
    // Costs more than a client may spend at once, so it counts as the full burst: only one fits.
    expect(taken(client, 10, 5000)).toBe(1);
  });

  it('return how long to stop reading from a client that continues after a rejection', () => {
    let now = 0;
    const client = new Budgets(() => now).of('loopback', false);
    taken(client, 200);
    expect(client.debtMs).toBe(0);
    taken(client, 1000);
    expect(client.debtMs).toBeCloseTo(10_020);
    now += 10_020;
    expect(client.debtMs).toBe(0);
    expect(client.take(1)).toBe(true);
  });

  it('charge a message for its size', () => {
    const client = new Budgets(() => 0).of('loopback', false);
    for (let i = 0; i < 1000; i++) client.received(1000);
    for (let i = 0; i < 10; i++) client.received(64 * 1024);
    expect(taken(client, 200)).toBe(120);
  });

  it('of all read-only clients, if they are exceeded, make each wait that still sends', () => {
    let now = 0;
    const budgets = new Budgets(() => now);
    const readers = Array.from({ length: 100 }, () => budgets.of('loopback', false));
    for (const reader of readers) taken(reader, 150);
    const quiet = budgets.of('loopback', false);
    expect(quiet.debtMs).toBeGreaterThan(1000);
    expect(budgets.of('loopback', true).debtMs).toBe(0);
    now += quiet.debtMs;
    expect(quiet.take(1)).toBe(true);
  });

  it('return when a rejected message will be affordable, whichever budget was too low', () => {
    let now = 0;
    const budgets = new Budgets(() => now);
    const client = budgets.of('192.0.2.1', false);
    taken(client, 200);
    expect(client.waitMs(10)).toBe(100);
    const others = Array.from({ length: 4 }, () => budgets.of('192.0.2.1', false));
    for (const other of others) taken(other, 150);
    const last = budgets.of('192.0.2.1', false);
    expect([last.take(10), last.waitMs(10)]).toEqual([false, Math.ceil(11 * 2.5)]);
    now += last.waitMs(10);
    expect([last.waitMs(10), last.take(10)]).toEqual([0, true]);
  });

  it('of all read-only clients are shared: a thousand clients cost no more than a few', () => {
    let now = 0;
    const budgets = new Budgets(() => now);
    const readers = Array.from({ length: 1000 }, (_, i) => budgets.of(i % 2 ? 'loopback' : `192.0.2.${i}`, false));
    const admin = budgets.of('loopback', true);
    const atOnce = readers.reduce((sum, reader) => sum + taken(reader, 20, 10), 0);
    expect(atOnce).toBeLessThanOrEqual(600);
    now += 1000;
    expect(readers.reduce((sum, reader) => sum + taken(reader, 20, 10), 0)).toBeLessThanOrEqual(150);
    expect(taken(admin, 20, 10)).toBe(20);
  });

  it('of one address are shared too, even by clients that keep reconnecting', () => {
    const budgets = new Budgets(() => 0);
    for (let i = 0; i < 100; i++) {
      const client = budgets.of('192.0.2.3', false);
      taken(client, 1);
      client.end();
    }
    expect(taken(budgets.of('192.0.2.3', false), 1000, 1)).toBe(200);
    for (let i = 0; i < 100; i++) taken(budgets.of('192.0.2.3', false), 10, 20);
    expect(taken(budgets.of('192.0.2.3', false), 1)).toBe(0);
    const readers = Array.from({ length: 100 }, () => budgets.of('192.0.2.1', false));
    expect(readers.reduce((sum, reader) => sum + taken(reader, 20, 10), 0)).toBeLessThanOrEqual(80);
    expect(taken(budgets.of('192.0.2.2', false), 20, 10)).toBe(20);
  });
});
