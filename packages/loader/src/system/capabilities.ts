/** The capabilities of this process (capabilities(7)), and which of those that PacketLog needs are missing. */
import { readFileSync } from 'node:fs';
import { isUserNamespace, ownIdentity, privilegeAdvice } from '../errors/privilege.ts';
import type { Problem } from '../errors/setup-error.ts';

/** Bits of linux/capability.h. */
const BIT = {
  CAP_CHOWN: 0n,
  CAP_DAC_OVERRIDE: 1n,
  CAP_KILL: 5n,
  CAP_SETGID: 6n,
  CAP_SETUID: 7n,
  CAP_SETPCAP: 8n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
} as const;
type Capability = keyof typeof BIT;

const NEEDED = ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'] as const;
/** What root needs to start the core as another user, and its helpers. */
const NEEDED_TO_DROP = [
  ...NEEDED,
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_SYS_PTRACE',
] as const;
/** What root needs to work with the rights of another user. */
const NEEDED_TO_ASSUME = ['CAP_SETGID', 'CAP_SETUID'] as const;
export const NEEDED_TEXT = 'CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON';

/** Parses the effective set in the text of /proc/PID/status. */
export function effectiveCapabilities(status: string): bigint {
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
}

export function hasCapability(effective: bigint, capability: Capability): boolean {
  return ((effective >> BIT[capability]) & 1n) === 1n;
}

/** Returns the names of the missing capabilities. CAP_SYS_ADMIN includes each of them for bpf(2). */
export function missingCapabilities(effective: bigint): string[] {
  if (hasCapability(effective, 'CAP_SYS_ADMIN')) return [];
  return NEEDED.filter((name) => !hasCapability(effective, name));
}

/** Returns the names of the capabilities that root lacks to start the core as another user. */
export function missingToDrop(effective: bigint): string[] {
  return NEEDED_TO_DROP.filter((name) => !hasCapability(effective, name));
}

/** Returns the names of the capabilities that root lacks to work with the rights of another user. */
export function missingToAssume(effective: bigint): string[] {
  return NEEDED_TO_ASSUME.filter((name) => !hasCapability(effective, name));
}

/** Describes missing capabilities; undefined if none is missing. */
export function capabilityProblem(missing: readonly string[], who = ownIdentity()): Problem | undefined {
  if (isUserNamespace(who.uidMap)) {
    return { problem: 'no XDP program can be loaded from a user namespace', next: privilegeAdvice({}, who) };
  }
  if (missing.length === 0) return undefined;
  const problem = `${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`;
  if (who.uid !== 0) return { problem, next: privilegeAdvice({ needs: NEEDED_TEXT }, who) };
  return {
    problem,
    next: `Start packetlog with ${NEEDED_TEXT}: --cap-add for containers, CapabilityBoundingSet= for systemd.`,
  };
}

/** Returns the capabilities of this process; all if they cannot be read. */
export function ownCapabilities(): bigint {
  try {
    return effectiveCapabilities(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return ~0n;
  }
}

export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
