import type { AuditEntry } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import { auditSentence } from './audit-text.ts';

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
  [{ what: 'policy', after: { default_policy: 'deny' } }, 'set the default policy to deny'],
  [
    { what: 'policy', after: { default_policy: 'deny', rules: [makeRule(), makeRule({ id: 2 })] } },
    'set the default policy to deny, and added 2 rules',
  ],
  [
    { what: 'import', after: { sets: [{ name: 'scanners', entries: 1, loaded_at_ms: 0 }] } },
    'imported set scanners, 1 entry',
  ],
  [{ what: 'add' }, 'added no rule'],
  [{ what: 'apply', why: 'needs confirmation: rule 1 denies any source' }, 'applied a rules file'],
  [{ what: 'apply', why: 'generation 5 of web: scanners' }, 'applied rules of the fleet'],
  [{ what: 'undo', why: 'redo of deny 203.0.113.7' }, 'redo of deny 203.0.113.7'],
])('the change %o reads "%s"', (over, sentence) => {
  expect(auditSentence(entry(over))).toBe(sentence);
});
