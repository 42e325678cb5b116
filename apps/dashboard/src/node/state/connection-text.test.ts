import { expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { connectionText } from './connection-text.ts';

const LOADER = 'http://localhost:7411';
const text = (connection: Connection, now: number) => connectionText(connection, now, LOADER);

test('a live connection has an age and no sentence', () => {
  expect(text({ state: 'live', dataAt: 600 }, 1_000)).toMatchObject({ label: 'live', age: '0.4 s old', sentence: '' });
});

test('a slow first connection names the address and what to check', () => {
  expect(text({ state: 'connecting', since: 0 }, 500).sentence).toBe(`Connecting to ${LOADER}.`);
  expect(text({ state: 'connecting', since: 0 }, 8_000)).toMatchObject({
    sentence: `No answer from ${LOADER} for 8 s.`,
    advice: expect.stringContaining('packetlog is running'),
  });
});

test('stale and lost connections have the age of the data', () => {
  expect(text({ state: 'stale', dataAt: 0 }, 4_200).sentence).toContain('for 4.2 s');
  expect(text({ state: 'lost', since: 2_000, dataAt: 1_000 }, 10_000)).toMatchObject({
    label: 'disconnected',
    age: '9.0 s old',
  });
});

test('a loader that was never reached is not called disconnected', () => {
  expect(text({ state: 'lost', since: 0, dataAt: null }, 10_000)).toMatchObject({
    label: 'no connection',
    retry: true,
  });
});

test.each(['unauthorized', 'protocol_mismatch', 'too_many_clients', 'invalid', 'internal'] as const)(
  'the rejection %s has advice and a retry',
  (code) => {
    const rejected = text({ state: 'rejected', rejection: { code, message: '' } }, 0);
    expect(rejected.retry).toBe(true);
    expect(rejected.advice.length).toBeGreaterThan(20);
  },
);

test('without a token, and with a wrong one, the advice is to run packetlog url', () => {
  const printed = 'Run packetlog url as root';
  expect(text({ state: 'no-token' }, 0).advice).toContain(printed);
  expect(text({ state: 'rejected', rejection: { code: 'unauthorized', message: '' } }, 0).advice).toContain(printed);
  const message = 'The admin token is wrong. Run packetlog url.';
  expect(text({ state: 'rejected', rejection: { code: 'unauthorized', message } }, 0).advice).toBe(message);
});
