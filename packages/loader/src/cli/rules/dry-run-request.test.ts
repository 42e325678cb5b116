import { expect, it } from 'vitest';
import { SetupError } from '../../errors/setup-error.ts';
import { dryRunRequest } from './dry-run-request.ts';

const request = (text: string) => dryRunRequest(Buffer.from(text), 'new', 5);

it('contains the rules of a rules file and the networks in it', () => {
  const file = {
    version: 1,
    default_policy: 'deny',
    rules: [{ id: 7, action: 'permit', source: 'set:few', created_by: 'alice', reason: 'office' }],
    sets: { few: { entries: ['192.0.2.0/24', '198.51.100.1'] }, kept: {} },
  };
  expect(request(JSON.stringify(file, null, 2))).toEqual({
    rules: [{ action: 'permit', source: 'set:few', reason: 'office' }],
    default_policy: 'deny',
    sets: { few: '192.0.2.0/24\n198.51.100.1' },
    seconds: 5,
  });
});

it.each([
  ['a list', '# feed\n192.0.2.0/24 ; SBL1\n'],
  ['Spamhaus’ lines of JSON', '{"cidr":"1.10.16.0/20","sblid":"SBL256894"}\n{"type":"metadata"}\n'],
])('denies the networks of %s', (_, text) => {
  expect(request(text)).toEqual({ rules: [{ action: 'deny', source: 'set:list' }], sets: { list: text }, seconds: 5 });
});

it('reports the mistake in a rules file', () => {
  expect(() => request('{"version":1,"rules":[{"action":"burn"}]}')).toThrow(SetupError);
  expect(() => request('{"version":1,"rules":[{"action":"burn"}]}')).toThrow(
    /rules\.0\.action.*permit, deny, limit or observe/,
  );
});
