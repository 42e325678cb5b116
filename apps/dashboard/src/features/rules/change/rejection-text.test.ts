import type { RulesError } from '@packetlog/common';
import { expect, test } from 'vitest';
import { rejectionText } from './rejection-text.ts';

test.each<[RulesError, RegExp, boolean]>([
  [
    { code: 'lockout', message: '', protected: { kind: 'ssh_peer', address: '192.0.2.9' } },
    /lock out 192\.0\.2\.9, which has an open SSH session/,
    true,
  ],
  [{ code: 'lockout', message: '', protected: { kind: 'gateway', address: '192.0.2.1' } }, /default gateway/, true],
  [{ code: 'forbidden', message: '' }, /second URL that packetlog printed/, false],
  [{ code: 'limit', message: 'At most 5 rules.' }, /At most 5 rules/, false],
  [
    {
      code: 'untried',
      message: 'Rule 3 has observed for 3 s: wait 57 s, then: packetlog rules enforce 3. To enforce it without: --now.',
    },
    /^Rule 3 has observed for 3 s: wait 57 s\. A limit observes/,
    false,
  ],
  [
    {
      code: 'untried',
      message: 'No dry run has shown it. Let it observe for a minute, then: packetlog rules enforce ID.',
    },
    /^No dry run has shown it\. A limit observes/,
    false,
  ],
  [{ code: 'invalid', message: 'rule.source: is none' }, /^Rule\.source: is none\.$/, false],
])('a rejection %o is explained, and only a lockout can be forced', (error, sentence, mayForce) => {
  const text = rejectionText(error);
  expect(text.sentence).toMatch(sentence);
  expect(text.mayForce).toBe(mayForce);
});
