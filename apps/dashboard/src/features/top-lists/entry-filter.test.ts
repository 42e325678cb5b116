import { expect, test } from 'vitest';
import { ENTRY_FILTER, withEntry } from './entry-filter.ts';

test.each([
  [ENTRY_FILTER.source('203.0.113.7'), 'src host 203.0.113.7'],
  [ENTRY_FILTER.source('2001:db8::53'), 'src host 2001:db8::53'],
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

test('an entry that no filter can name changes nothing', () => {
  expect(withEntry('tcp', ENTRY_FILTER.interface('a"b'), true)).toBeNull();
});
