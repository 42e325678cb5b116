import { describe, expect, test } from 'vitest';
import { fleetNode, report } from '../../../../test/support/fleet.ts';
import { generationText, mayChangeRules, rulesStateOf } from './generation-text.ts';
import { alarmText, dataText, modesText, recorderText } from './node-cells.ts';

const NOW = 1_000_000_000;

describe('the age of a node’s data', () => {
  test.each([
    [NOW, '1 s ago', 'faint'],
    [NOW - 9_000, '9 s ago', 'faint'],
    [NOW - 15_000, '15 s ago', 'faint'],
    [NOW - 16_000, 'silent for 16 s', 'warn'],
    [NOW - 150_000, 'silent for 2 min', 'warn'],
    [NOW - 7_300_000, 'silent for 2 h 1 min', 'warn'],
    [NOW + 500, '1 s ago', 'faint'],
    [null, 'not heard yet', 'warn'],
  ])('heard at %s: %s', (heard_at_ms, text, tone) => {
    expect(dataText(fleetNode('a', { heard_at_ms }), NOW)).toMatchObject({ text, tone });
  });
});

describe('the rules of a node', () => {
  const generation = { group: 'web', number: 12, hash: 'h' };
  const answer = (state: 'in_force' | 'waiting' | 'rejected' | 'failed', number = 12) => ({ number, state });
  test.each([
    ['only its own', 'own', {}, undefined],
    ['12 in force', 'in_force', { generation, answer: answer('in_force') }, 12],
    // After a restart of the node, before the hub asks again.
    ['12 in force', 'in_force', { generation }, 12],
    ['13 not answered yet', 'sent', { generation, answer: answer('in_force') }, 13],
    ['13 waiting', 'waiting', { generation, answer: answer('waiting', 13) }, 13],
    ['13 rejected: lockout', 'rejected', { generation, answer: { ...answer('rejected', 13), code: 'lockout' } }, 13],
    ['13 failed', 'failed', { generation, answer: answer('failed', 13) }, 13],
    // An answer to an older one does not count.
    ['13 not answered yet', 'sent', { generation, answer: answer('rejected', 11) }, 13],
    ['12 changed on the node', 'drift', { generation, answer: answer('in_force'), drift: ['rule 3 was removed'] }, 12],
  ])('%s', (text, state, rules, wanted) => {
    const node = fleetNode('a', { wanted, report: { ...report(), rules: { revision: 1, ...rules } } });
    expect(rulesStateOf(node)).toBe(state);
    expect(generationText(node, NOW).text).toBe(text);
  });

  test('that are risky say when they revert', () => {
    const rules = {
      revision: 1,
      answer: { ...answer('waiting'), pending_until_ms: NOW + 42_000, message: 'It denies any source.' },
    };
    const { title } = generationText(fleetNode('a', { wanted: 12, report: { ...report(), rules } }), NOW);
    expect(title).toBe(
      'It is risky: in force on trial, and reverts in 42 s unless the hub confirms it. It denies any source.',
    );
  });

  test.each([
    [{ kind: 'admin' }, true],
    [{ kind: 'look' }, false],
    [{ kind: 'rules', groups: ['web'] }, true],
    [{ kind: 'rules', groups: ['db'] }, false],
  ] as const)('may be changed with the role %o: %s', (role, may) => {
    expect(mayChangeRules(role as never, 'web')).toBe(may);
  });
});

test.each([
  [[['eth0', 'native', 'attached']], 'native', 'faint'],
  [
    [
      ['eth0', 'native_frags', 'attached'],
      ['eth1', 'generic', 'attached'],
    ],
    'native, generic',
    'faint',
  ],
  [
    [
      ['eth0', 'native', 'attached'],
      ['eth1', 'native', 'gone'],
    ],
    '1 of 2 not filtered',
    'warn',
  ],
  [[['eth0', 'native', 'waiting']], 'not filtered', 'warn'],
  [[], '—', 'faint'],
] as const)('interfaces %o have the mode %s', (interfaces, text, tone) => {
  const list = interfaces.map(([name, mode, state]) => ({ name, mode, state }));
  expect(modesText({ ...report(), interfaces: list })).toMatchObject({ text, tone });
});

test('a recorder says what the history misses', () => {
  expect(recorderText({ ...report(), recorder: 'off' })).toMatchObject({ text: 'off', tone: 'faint' });
  const ship = { offered: 12_000, acked: 4_000, pending: 3_000, expired: 5_000 };
  expect(recorderText({ ...report(), recorder: 'recording', ship })).toMatchObject({
    text: 'recording, 5.00\u00a0k expired',
    tone: 'warn',
  });
});

test.each([
  ['error', 5_000, '5 s ago: Full.', 'deny'],
  ['warning', 150_000, '2 min ago: Full.', 'warn'],
  ['error', 7_200_000, '2 h ago: Full.', 'faint'],
] as const)('an alarm of level %s, %d ms ago: %s', (level, age, text, tone) => {
  const alarm = { at_ms: NOW - age, level, code: 'x', message: 'Full.' };
  expect(alarmText({ ...report(), alarm }, NOW)).toMatchObject({ text, tone });
});
