import { expect, it } from 'vitest';
import { serverProcessCheck } from './doctor.ts';

const SETUID_AND_SETGID = 0b1100_0000n;

it.each([
  ['root', 0, SETUID_AND_SETGID, 'ok', /runs as another user/],
  ['another user', 1000, 0n, 'ok', /runs as this user/],
  ['root without CAP_SETUID', 0, 0b100_0000n, 'warn', /but run as root/],
])('the server process, if the loader runs as %s', (_, uid, effective, state, finding) => {
  const check = serverProcessCheck('/usr/bin/setpriv', { uid, effective });
  expect(check.state).toBe(state);
  expect(check.finding).toMatch(finding);
});
