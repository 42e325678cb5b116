import type { Finding } from '@packetlog/common';
import { expect, it } from 'vitest';
import { FindingLines } from './finding-lines.ts';

function finding(id: number, ports: number, closed_at_ms?: number): Finding {
  return {
    id,
    kind: 'port_scan',
    opened_at_ms: 1000,
    first_at_ms: 0,
    last_at_ms: 9000,
    ...(closed_at_ms === undefined ? {} : { closed_at_ms }),
    source: '203.0.113.66',
    packets: ports,
    ports,
    filter: 'src 203.0.113.66 and tcp',
  };
}

it('logs each finding once when it opens and once when it closes, with its last numbers', () => {
  const lines: string[] = [];
  const facts: object[] = [];
  const note = (level: string) => (given: object, message: string) => {
    facts.push(given);
    lines.push(`${level} ${message}`);
  };
  const log = new FindingLines({ warn: note('warn'), info: note('info') });
  log.update({ open: [finding(1, 100)], closed: [] });
  log.update({ open: [finding(1, 200), finding(2, 150)], closed: [] });
  log.update({ open: [finding(2, 150)], closed: [finding(1, 3000, 40_000)] });
  log.update({ open: [], closed: [finding(3, 120, 60_000), finding(2, 150, 50_000), finding(1, 3000, 40_000)] });
  expect(lines).toEqual([
    'warn Finding 1: 203.0.113.66 scanned 100 ports in 9 s',
    'warn Finding 2: 203.0.113.66 scanned 150 ports in 9 s',
    'info Finding 1 is over: 203.0.113.66 scanned 3,000 ports in 9 s',
    'warn Finding 3: 203.0.113.66 scanned 120 ports in 9 s',
    'info Finding 2 is over: 203.0.113.66 scanned 150 ports in 9 s',
    'info Finding 3 is over: 203.0.113.66 scanned 120 ports in 9 s',
  ]);
  expect(facts[0]).toMatchObject({ code: 'finding_opened', finding: 1, filter: 'src 203.0.113.66 and tcp' });
});
