import { expect, it } from 'vitest';
import { MessageRate } from './message-rate.ts';

const taken = (rate: MessageRate, tries: number) =>
  Array.from({ length: tries }, () => rate.take()).filter(Boolean).length;

it('lets 200 messages pass at once, and then 100 a second', () => {
  let now = 0;
  const rate = new MessageRate(() => now);
  expect(taken(rate, 1000)).toBe(200);
  now += 500;
  expect(taken(rate, 1000)).toBe(50);
  now += 60_000;
  expect(taken(rate, 1000)).toBe(200);
});
