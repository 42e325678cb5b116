import { expect, it } from 'vitest';
import { coreProcessCheck, serverProcessCheck } from './doctor.ts';

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

it.each([
  ['root', 0, undefined, 'ok', /drops root’s rights: it runs as uid 990, with CAP_BPF/],
  ['another user', 1000, undefined, 'ok', /runs as this user/],
  ['root without CAP_SYS_PTRACE', 0, 'CAP_SYS_PTRACE is missing', 'warn', /keeps root’s rights: CAP_SYS_PTRACE is/],
])('the core, if %s starts it', (_, uid, problem, state, finding) => {
  const check = coreProcessCheck(uid, { uid: 990, gid: 990 }, problem);
  expect(check.state).toBe(state);
  expect(check.finding).toMatch(finding);
});
