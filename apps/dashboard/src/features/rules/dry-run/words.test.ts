import type { AuditEntry, RehearsalReport, RulesError } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import { auditSentence } from '../change/audit-text.ts';
import { refusalWords } from '../change/rejection-text.ts';
import { listLines, nameFromFile, sizeProblem } from '../form/import-list.ts';
import { coverageSentence, percentText, verdictSentence } from './dry-run-text.ts';

const report = (over: Partial<RehearsalReport> = {}): RehearsalReport => ({
  seconds: 10,
  seen: 1000,
  judged: 1000,
  denied: { packets: 0, bytes: 0 },
  observed: { packets: 0, bytes: 0 },
  by_rule: [],
  by_source: [],
  by_port: [],
  lockouts: [],
  ...over,
});

test('a rehearsal says first how much of the traffic it is about', () => {
  expect(coverageSentence(report())).toBe('In 10 s 1,000 packets arrived; all were checked.');
  expect(coverageSentence(report({ judged: 250 }))).toMatch(
    /250 of them \(25 %\) were checked\. The rest were sampled/,
  );
  expect(coverageSentence(report({ seen: 0, judged: 0 }))).toMatch(/no packets arrived, so this says nothing/);
});

test('and then what would have been denied', () => {
  expect(verdictSentence(report())).toBe('Would have denied no packets.');
  expect(verdictSentence(report({ denied: { packets: 27, bytes: 1 } }))).toBe(
    'Would have denied 27 of 1,000 packets (2.7 %).',
  );
  expect(verdictSentence(report({ observed: { packets: 1, bytes: 1 } }))).toBe(
    'Would have denied no packets. Would have marked 1 packet.',
  );
  expect(verdictSentence(report({ judged: 0 }))).toBe('No packet was checked.');
});

test('a share is never rounded up to all, nor down to none', () => {
  expect([0, 0.0001, 0.027, 0.5, 0.9999, 1].map(percentText)).toEqual([
    '0 %',
    '<0.1 %',
    '2.7 %',
    '50 %',
    '99 %',
    '100 %',
  ]);
});

test.each<[RulesError, RegExp, boolean]>([
  [
    { code: 'lockout', message: '', protected: { kind: 'ssh_peer', address: '192.0.2.9' } },
    /lock out 192\.0\.2\.9, the peer of an open SSH session/,
    true,
  ],
  [{ code: 'lockout', message: '', protected: { kind: 'gateway', address: '192.0.2.1' } }, /default gateway/, true],
  [{ code: 'forbidden', message: '' }, /second URL that packetlog printed/, false],
  [{ code: 'limit', message: 'At most 5 rules.' }, /At most 5 rules/, false],
  [{ code: 'invalid', message: 'rule.source: is none' }, /^Rule\.source: is none\.$/, false],
])('a refusal %o is explained, and may be overruled only where that makes sense', (error, sentence, mayForce) => {
  const words = refusalWords(error);
  expect(words.sentence).toMatch(sentence);
  expect(words.mayForce).toBe(mayForce);
});

const entry = (over: Partial<AuditEntry>): AuditEntry => ({
  at: '2026-01-02T14:00:00.000Z',
  revision: 3,
  what: 'add',
  who: { name: 'admin', via: 'socket' },
  why: '',
  ...over,
});

test.each<[Partial<AuditEntry>, string]>([
  [{ after: { rules: [makeRule({ id: 12 })] } }, 'added rule 12: deny 203.0.113.7'],
  [{ what: 'remove', before: { rules: [makeRule(), makeRule({ id: 2 })] } }, 'removed 2 rules'],
  [{ what: 'expire', before: { rules: [makeRule({ id: 5 })] } }, 'rule 5: deny 203.0.113.7 expired'],
  [{ what: 'policy', after: { default_policy: 'deny' } }, 'default policy is now deny'],
  [
    { what: 'import', after: { sets: [{ name: 'scanners', entries: 1, loaded_at_ms: 0 }] } },
    'imported set scanners, 1 entry',
  ],
  [{ what: 'add' }, 'added no rule'],
  [{ what: 'undo', why: 'redo of deny 203.0.113.7' }, 'redo of deny 203.0.113.7'],
])('the change %o reads "%s"', (over, sentence) => {
  expect(auditSentence(entry(over))).toBe(sentence);
});

test('lines of a list that say something', () => {
  expect(listLines('# a\n\n192.0.2.1\n  ; b\n 203.0.113.0/24 # c\r\n')).toBe(2);
});

test.each([
  ['firehol_level1.netset', 'firehol_level1'],
  ['my list (2).txt', 'my-list-2-'],
  ['…', ''],
])('a file called %s makes a set called "%s"', (file, name) => expect(nameFromFile(file)).toBe(name));

test('a list that would end the connection is not sent', () => {
  expect(sizeProblem('192.0.2.1\n'.repeat(4_000))).toBe('');
  expect(sizeProblem('192.0.2.1\n'.repeat(7_000))).toMatch(/packetlog rules import/);
});
