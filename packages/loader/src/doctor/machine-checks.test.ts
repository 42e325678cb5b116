/** Machines that differ from this one are simulated by their facts. */
import { describe, expect, it } from 'vitest';
import { btfCheck, clockCheck, kernelCheck, lockdownCheck, memlockCheck, runtimeCheck } from './machine-checks.ts';

const KERNEL = { release: '6.12.30-amd64', jit: '1\n', isRealtime: false, commandLine: 'quiet ro' };
const CLOCK = { source: 'tsc', offsets: { monotonic: 0n, boottime: 0n }, nowMs: Date.UTC(2026, 5) };
const MIB = 2 ** 20;

describe('the check of the machine (simulated facts)', () => {
  it.each([
    ['the pinned runtime', { node: '26.12.1', cpu: 'x64' }, 'ok', 'packetlog 1.2.3 on Node.js 26.12.1 (x64).'],
    ['an old runtime', { node: '20.18.1', cpu: 'x64' }, 'fail', 'Node.js 20.18.1 is too old.'],
    ['another processor', { node: '26.12.1', cpu: 's390x' }, 'warn', /s390x\): this processor is not tested\.$/],
  ])('judges %s', (_, facts, state, finding) => {
    const check = runtimeCheck({ packetlog: '1.2.3', ...facts });
    expect(check).toMatchObject({ id: 'runtime', state });
    expect(check.finding).toMatch(finding);
    expect(check.fix === null).toBe(state === 'ok');
  });

  it.each([
    ['a kernel with everything', {}, 'ok', /^Linux 6\.12\.30-amd64\.$/],
    ['a kernel that is too old', { release: '5.4.0-26-generic' }, 'fail', /^Linux 5\.4\.0-26-generic is too old\.$/],
    ['the oldest kernel', { release: '5.10.0' }, 'ok', /: no array ring .*; no native mode for jumbo frames\.$/],
    ['PREEMPT_RT', { isRealtime: true }, 'ok', /with PREEMPT_RT, so the kernel ring is used\.$/],
    ['packetlog.off', { commandLine: 'ro packetlog.off\n' }, 'warn', /the service does not start\.$/],
    ['a kernel without the compiler', { jit: '0\n' }, 'warn', /^The just-in-time compiler for BPF is off/],
    ['a setting that only root may read', { jit: undefined }, 'ok', /^Linux 6/],
  ])('judges %s', (_, facts, state, finding) => {
    const check = kernelCheck({ ...KERNEL, ...facts });
    expect(check).toMatchObject({ id: 'kernel', state });
    expect(check.finding).toMatch(finding);
  });

  it.each([
    [undefined, 'ok', 'Kernel lockdown: none.'],
    ['[none] integrity confidentiality\n', 'ok', 'Kernel lockdown: none.'],
    ['none [integrity] confidentiality\n', 'ok', 'Kernel lockdown: integrity.'],
    ['none integrity [confidentiality]\n', 'warn', /forbid bpf\(2\)\.$/],
  ])('judges lockdown %j', (text, state, finding) => {
    expect(lockdownCheck(text)).toMatchObject({ state, finding: expect.stringMatching(finding) });
  });

  it('counts locked memory only before Linux 5.11', () => {
    const low = { limit: 64 * 1024, needed: 40 * MIB };
    expect(memlockCheck({ release: '5.11.0', ...low }).state).toBe('ok');
    expect(memlockCheck({ release: '5.10.0', ...low, limit: Number.POSITIVE_INFINITY }).state).toBe('ok');
    expect(memlockCheck({ release: '5.10.0', ...low })).toEqual({
      id: 'memlock',
      state: 'warn',
      finding: 'The memlock limit is 64 KiB, and the rings need 40 MiB.',
      fix: 'Before Linux 5.11 the memlock limit counts too: ulimit -l unlimited, or LimitMEMLOCK=infinity for systemd.',
    });
  });

  it.each([
    ['a fast clock', {}, 'ok', 'Clock source tsc.'],
    [
      'a time namespace',
      { offsets: { monotonic: 864_000n * 10n ** 9n, boottime: 0n } },
      'ok',
      /namespace \(864000 s\)\.$/,
    ],
    ['a slow clock', { source: 'hpet' }, 'warn', /^The clock source hpet is slow/],
    ['a clock that was never set', { nowMs: 0 }, 'warn', /^The clock says 1970-01-01/],
    ['no sysfs', { source: undefined }, 'warn', /^Not checked: /],
  ])('judges %s', (_, facts, state, finding) => {
    expect(clockCheck({ ...CLOCK, ...facts })).toMatchObject({ state, finding: expect.stringMatching(finding) });
  });

  it('needs no BTF of the kernel', () => {
    expect([btfCheck(true).state, btfCheck(false).state]).toEqual(['ok', 'ok']);
  });
});
