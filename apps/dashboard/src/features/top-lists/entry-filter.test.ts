import { expect, test } from 'vitest';
import { conditionsOf } from '../../text/filter-edit.ts';
import { ENTRY_FILTER, withEntry } from './entry-filter.ts';

test.each([
  [ENTRY_FILTER.source('203.0.113.7'), 'src host 203.0.113.7'],
  [ENTRY_FILTER.source('2001:db8::53'), 'src host 2001:db8::53'],
  [ENTRY_FILTER.networks(['203.0.113.0/24']), 'src net 203.0.113.0/24'],
  [ENTRY_FILTER.networks(['203.0.113.0/24', '2001:db8::/48']), 'src net 203.0.113.0/24 or src net 2001:db8::/48'],
  [ENTRY_FILTER.port(6, 443), 'tcp and dst port 443'],
  [ENTRY_FILTER.port(132, 5060), 'sctp and dst port 5060'],
  [ENTRY_FILTER.pair('203.0.113.7', '198.51.100.1'), 'src host 203.0.113.7 and dst host 198.51.100.1'],
  [ENTRY_FILTER.rule(12), 'rule 12'],
  [ENTRY_FILTER.interface('eth0'), 'iface eth0'],
])('%s becomes the filter %s', (entry, filter) => expect(withEntry('', entry, true)).toBe(filter));

test('an entry is added to the filter, once', () => {
  const entry = ENTRY_FILTER.source('203.0.113.7');
  expect(withEntry('tcp', entry, true)).toBe('tcp and src host 203.0.113.7');
  expect(withEntry('tcp and src host 203.0.113.7', entry, true)).toBe('tcp and src host 203.0.113.7');
  expect(withEntry('tcp', entry, false)).toBe('tcp and not src host 203.0.113.7');
});

test('several networks are one condition', () => {
  const entry = ENTRY_FILTER.networks(['203.0.113.0/24', '2001:db8::/48']);
  const next = withEntry('tcp', entry, true);
  expect(next).toBe('tcp and (src net 203.0.113.0/24 or src net 2001:db8::/48)');
  expect(conditionsOf(next ?? '')).toEqual(['tcp', 'src net 203.0.113.0/24 or src net 2001:db8::/48']);
});

test('an entry that no filter can name changes nothing', () => {
  expect(withEntry('tcp', ENTRY_FILTER.interface('a"b'), true)).toBeNull();
});
