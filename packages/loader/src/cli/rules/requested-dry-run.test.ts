import { expect, it } from 'vitest';
import { requestedDryRun } from './requested-dry-run.ts';

it('is a rule of the command line, with the arguments of rules add', async () => {
  const add = 'deny 203.0.113.0/24 --protocol tcp --port 22 --reason "too many logins"';
  expect(await requestedDryRun([], { add }, 5)).toEqual({
    add: {
      action: 'deny',
      source: '203.0.113.0/24',
      protocol: 'tcp',
      destination_port: '22',
      reason: 'too many logins',
    },
    seconds: 5,
  });
});

it.each([
  [[], {}],
  [['rules.json'], { add: 'deny any' }],
])('is either a file or a rule: %j %j', async (args, options) => {
  await expect(requestedDryRun(args, options, 1)).rejects.toThrow(/a file or --add/);
});

it.each([
  ['', /empty/],
  ['deny any\ndeny any', /several lines/],
  ['deny', /missing required argument/],
  ['deny any --colour red', /unknown option/],
])('rejects %j with the reason', async (add, reason) => {
  await expect(requestedDryRun([], { add }, 1)).rejects.toThrow(reason);
});
