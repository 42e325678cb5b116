import { expect, it } from 'vitest';
import { TokenGuesses } from './token-guesses.ts';

it('after ten wrong tokens an address has to wait, and others do not', () => {
  let now = 0;
  const guesses = new TokenGuesses(() => now);
  for (let i = 0; i < 10; i++) {
    expect(guesses.waitSeconds('192.0.2.1')).toBe(0);
    guesses.wrong('192.0.2.1');
  }
  expect(guesses.waitSeconds('192.0.2.1')).toBe(5);
  expect(guesses.waitSeconds('192.0.2.2')).toBe(0);
  expect(guesses.waitSeconds('loopback')).toBe(0);
  now += 5000;
  expect(guesses.waitSeconds('192.0.2.1')).toBe(0);
  guesses.wrong('192.0.2.1');
  expect(guesses.waitSeconds('192.0.2.1')).toBe(5);
});

it('an hour of guessing allows a few hundred guesses', () => {
  let now = 0;
  const guesses = new TokenGuesses(() => now);
  let looked = 0;
  for (; now < 3_600_000; now += 100) {
    if (guesses.waitSeconds('192.0.2.1') > 0) continue;
    looked++;
    guesses.wrong('192.0.2.1');
  }
  expect(looked).toBeLessThan(740);
});

it('loopback, which many users may share, waits less', () => {
  const guesses = new TokenGuesses(() => 0);
  for (let i = 0; i < 50; i++) guesses.wrong('loopback');
  expect(guesses.waitSeconds('loopback')).toBe(1);
});

it('remembers a bounded number of addresses', () => {
  const guesses = new TokenGuesses(() => 0);
  for (let i = 0; i < 12_000; i++) guesses.wrong(String(i));
  for (let i = 0; i < 20; i++) guesses.wrong('11999');
  expect(guesses.waitSeconds('11999')).toBeGreaterThan(0);
  for (let i = 0; i < 12_000; i++) for (let k = 0; k < 2; k++) guesses.wrong(`other ${i}`);
  expect(guesses.waitSeconds('11999')).toBe(0);
});
