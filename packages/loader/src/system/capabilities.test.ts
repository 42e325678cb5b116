import { describe, expect, it } from 'vitest';
import { capabilityProblem, effectiveCapabilities, hasCapability, missingCapabilities } from './capabilities.ts';

const status = (set: string) => `CapPrm:\t000001ffffffffff\nCapEff:\t${set}\nCapBnd:\t000001ffffffffff\n`;
const INITIAL = '0 0 4294967295';
const ALL = '000001ffffffffff';
/** CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, as the unit grants them. */
const SERVICE = (1n << 39n) | (1n << 12n) | (1n << 38n);

describe('capabilities', () => {
  it('are read from /proc/PID/status', () => {
    expect(effectiveCapabilities(status(ALL))).toBe(0x1ffffffffffn);
    expect(effectiveCapabilities('')).toBe(0n);
    expect(hasCapability(SERVICE, 'CAP_SYS_ADMIN')).toBe(false);
  });

  it.each<[string, bigint, string[]]>([
    ['the service', SERVICE, []],
    ['root', effectiveCapabilities(status(ALL)), []],
    ['CAP_SYS_ADMIN, which includes the others for bpf(2)', 1n << 21n, []],
    ['a user', 0n, ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON']],
    ['a service without one', SERVICE & ~(1n << 12n), ['CAP_NET_ADMIN']],
  ])('of %s: those missing', (_, effective, missing) => {
    expect(missingCapabilities(effective)).toEqual(missing);
  });

  it.each([
    [['CAP_BPF'], 0, INITIAL, 'CAP_BPF is missing', 'CapabilityBoundingSet='],
    [['CAP_BPF', 'CAP_PERFMON'], 1000, INITIAL, 'CAP_BPF and CAP_PERFMON are missing', 'Run as root'],
    [[], 0, '0 1000 1', 'no XDP program can be loaded from a user namespace', 'outside rootless containers'],
  ])('%j missing for uid %i, in %j', (missing, uid, uidMap, problem, next) => {
    const found = capabilityProblem(missing, { uid, uidMap });
    expect(found?.problem).toBe(problem);
    expect(found?.next).toContain(next);
  });

  it('are enough if none is missing', () => {
    expect(capabilityProblem([], { uid: 0, uidMap: INITIAL })).toBeUndefined();
  });
});
