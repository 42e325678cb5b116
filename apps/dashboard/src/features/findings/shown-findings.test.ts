import { type Finding, noFindings } from '@packetlog/common';
import { expect, it } from 'vitest';
import { shownFindings } from './shown-findings.ts';

const finding: Finding = {
  id: 1,
  kind: 'port_scan',
  opened_at_ms: 2000,
  first_at_ms: 1000,
  last_at_ms: 9000,
  source: '203.0.113.66',
  packets: 3000,
  ports: 3000,
  filter: 'src 203.0.113.66 and tcp',
  rule: { action: 'deny', source: '203.0.113.66', expires_in: '1h', reason: 'port scan' },
};

it('lists open and closed findings of all nodes, newest first', () => {
  const web = { ...noFindings(1), open: [finding], closed: [{ ...finding, id: 2, closed_at_ms: 5000 }], untracked: 3 };
  const db = { ...noFindings(1), open: [{ ...finding, opened_at_ms: 3000 }], untracked: 4 };
  const shown = shownFindings([
    { node: 'web', message: web },
    { node: 'db', message: db },
  ]);
  expect(shown.open.map(({ key }) => key)).toEqual(['db 1', 'web 1']);
  expect(shown.closed.map(({ key }) => key)).toEqual(['web 2']);
  expect(shown.untracked).toBe(7);
});

it.each([
  ['no object', null],
  ['an unknown kind', { ...noFindings(1), open: [{ ...finding, kind: 'other' }] }],
  ['a rule that permits', { ...noFindings(1), open: [{ ...finding, rule: { ...finding.rule, action: 'permit' } }] }],
  ['a text as time', { ...noFindings(1), open: [{ ...finding, last_at_ms: 'now' }] }],
])('shows nothing of a message with %s', (_, message) => {
  expect(shownFindings([{ node: '', message }])).toEqual({ open: [], closed: [], untracked: 0 });
});
