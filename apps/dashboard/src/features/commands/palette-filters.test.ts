import { expect, it } from 'vitest';
import { filterOffers } from './palette-filters.ts';

const filters = (text: string, now = '') => filterOffers(text, now).map(({ filter }) => filter);

it.each([
  ['a valid filter', 'tcp dst port 443', 'tcp dst port 443'],
  ['an address', '203.0.113.7', '203.0.113.7'],
  ['an address of IPv6', '2001:db8::7', '2001:db8::7'],
  ['a network', '203.0.113.0/24', '203.0.113.0/24'],
  ['a port', '443', 'port 443'],
  ['a service', 'https', 'port https'],
])('%s is offered as a filter', (_, text, filter) => expect(filters(text)).toEqual([filter]));

it('is also offered combined with the applied filter', () => {
  expect(filters('port 443', 'tcp or udp')).toEqual(['port 443', '(tcp or udp) and port 443']);
});

it.each(['', 'pause', 'tcp and', 'theme dark'])('“%s” is not offered as a filter', (text) =>
  expect(filters(text)).toEqual([]),
);

it('the applied filter is not offered again', () => expect(filters('tcp', 'tcp')).toEqual([]));
