import type { Acknowledgement } from '@packetlog/common';
import { expect, test, vi } from 'vitest';
import { Lookups, type SendLookup } from './lookups.ts';

function answering(value: (request: { addresses: string[] }) => unknown) {
  return vi.fn<SendLookup>((_, request) =>
    Promise.resolve({ ok: true, value: value(request as { addresses: string[] }) } as Acknowledgement<unknown>),
  );
}

test('places are requested once, in one request, and listeners are notified', async () => {
  const ask = answering(({ addresses }) => Object.fromEntries(addresses.map((each) => [each, { country: 'NZ' }])));
  const names = new Lookups(ask);
  const told = vi.fn();
  names.subscribe(told);
  names.wantPlaces(['192.0.2.1', '192.0.2.2']);
  names.wantPlaces(['192.0.2.1']);
  expect(names.place('192.0.2.1')).toBeUndefined();
  await vi.waitFor(() => expect(told).toHaveBeenCalled());
  expect(names.place('192.0.2.2')).toEqual({ country: 'NZ' });
  names.wantPlaces(['192.0.2.1', '192.0.2.2']);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(names.version()).toBe(1);
  expect(names.hasPlaces()).toBe(true);
});

test('a loader without a database does not get a request for every list', async () => {
  const ask = vi.fn<SendLookup>(async () => ({ ok: false, error: { code: 'unavailable', message: 'No database.' } }));
  const names = new Lookups(ask);
  expect(names.hasPlaces()).toBeUndefined();
  names.wantPlaces(['192.0.2.1']);
  await vi.waitFor(() => expect(names.hasPlaces()).toBe(false));
  await new Promise((resolve) => setImmediate(resolve));
  names.wantPlaces(['192.0.2.2']);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('a request is never longer than the protocol allows', async () => {
  const ask = answering(() => ({}));
  const names = new Lookups(ask);
  names.wantPlaces(Array.from({ length: 120 }, (_, k) => `10.0.0.${k}`));
  await vi.waitFor(() => expect(names.place('10.0.0.119')).toBeNull());
  expect(ask.mock.calls.map(([, { addresses }]) => addresses?.length)).toEqual([50, 50, 20]);
});

test('an invalid answer is reported as such', async () => {
  const names = new Lookups(answering(() => 'what?'));
  expect(await names.listeners()).toMatchObject({ ok: false, error: { code: 'internal' } });
  expect(await names.reverse('192.0.2.1')).toMatchObject({ ok: false, error: { code: 'internal' } });
});

test('listeners are cached for some seconds, names are not', async () => {
  const ask = answering((request) => (request.addresses ? { '192.0.2.1': 'a.example' } : []));
  const names = new Lookups(ask);
  expect(await names.listeners()).toEqual({ ok: true, value: [] });
  await names.listeners();
  expect(ask).toHaveBeenCalledTimes(1);
  expect(await names.reverse('192.0.2.1')).toEqual({ ok: true, value: 'a.example' });
});
