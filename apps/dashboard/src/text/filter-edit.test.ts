import { type Filter, parseFilter } from '@packetlog/common';
import { expect, test } from 'vitest';
import { onlyThis, withoutThis } from './filter-edit.ts';

const SSH: Filter = { kind: 'port', side: 'dst', from: 22, to: 22 };

test.each([
  ['', 'dst port 22', 'not dst port 22'],
  ['  ', 'dst port 22', 'not dst port 22'],
  ['all', 'dst port 22', 'not dst port 22'],
  ['tcp', 'tcp and dst port 22', 'tcp and not dst port 22'],
  ['tcp dst port 443', 'tcp and dst port 443 and dst port 22', 'tcp and dst port 443 and not dst port 22'],
  ['udp or icmp', '(udp or icmp) and dst port 22', '(udp or icmp) and not dst port 22'],
  ['not (udp or icmp)', 'not (udp or icmp) and dst port 22', 'not (udp or icmp) and not dst port 22'],
  ['udp or icmp and deny', '(udp or icmp) and deny and dst port 22', '(udp or icmp) and deny and not dst port 22'],
  // Already in the filter.
  ['dst port 22', 'dst port 22', 'not dst port 22'],
  ['tcp and dst port ssh', 'tcp and dst port 22', 'tcp and not dst port 22'],
  ['not dst port 22 and tcp', 'tcp and dst port 22', 'tcp and not dst port 22'],
])('"%s" becomes "%s" or "%s"', (text, only, without) => {
  expect(onlyThis(text, SSH)).toBe(only);
  expect(withoutThis(text, SSH)).toBe(without);
  for (const result of [only, without]) expect(() => parseFilter(result)).not.toThrow();
});

test('an invalid filter is replaced', () => {
  expect(onlyThis('tcp dst prot', SSH)).toBe('dst port 22');
});
