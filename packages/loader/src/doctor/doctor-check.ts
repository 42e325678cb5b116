/** One result of `packetlog doctor`. Pure. */
import { type Problem, SetupError, systemErrorOf } from '../errors/setup-error.ts';
import { SystemCallError } from '../native/libc.ts';

export type CheckState = 'ok' | 'warn' | 'fail';

/** Ids of the checks, in the order of the report; docs/doctor.md describes each. */
export const CHECK_IDS = [
  'runtime',
  'kernel',
  'btf',
  'lockdown',
  'libbpf',
  'capabilities',
  'memlock',
  'memory',
  'clock',
  'listen',
  'origins',
  'metrics',
  'geoip',
  'tls',
  'dashboard',
  'core_process',
  'server_process',
  'tokens',
  'state_directory',
  'disk',
  'loader',
  'rules',
  'namespace',
  'bpf_fs',
  'pins',
  'interface',
  'driver',
  'link_type',
  'native_xdp',
  'xdp_program',
  'membership',
  'vlan_offload',
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

export interface Check {
  readonly id: CheckId;
  readonly state: CheckState;
  /** Whole sentences. */
  readonly finding: string;
  /** What to do about it, as whole sentences; null if nothing has to be done. */
  readonly fix: string | null;
}

/** `finding`: without a period. */
export const ok = (id: CheckId, finding: string): Check => ({ id, state: 'ok', finding: `${finding}.`, fix: null });

export const warn = (id: CheckId, found: Problem | SetupError): Check => bad(id, 'warn', found);
export const fail = (id: CheckId, found: Problem | SetupError): Check => bad(id, 'fail', found);

/** The check cannot be made. `why`: a clause. */
export const notChecked = (id: CheckId, why: string, fix: string): Check => ({
  id,
  state: 'warn',
  finding: `Not checked: ${why}.`,
  fix,
});

/**
 * Makes a check that throws SetupError where `packetlog run` would fail with it. Other errors of system calls mean that
 * the check cannot be made.
 */
export function attempt(id: CheckId, make: () => Check[]): Check[] {
  try {
    return make();
  } catch (error) {
    return [caught(id, error)];
  }
}

/** As `attempt`. */
export async function attemptLater(id: CheckId, make: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await make();
  } catch (error) {
    return [caught(id, error)];
  }
}

function caught(id: CheckId, error: unknown): Check {
  if (error instanceof SetupError) return fail(id, error);
  const system = systemErrorOf(error);
  const isKnown = system !== undefined || error instanceof SystemCallError;
  if (!(isKnown && error instanceof Error)) throw error;
  const isDenied = system?.code === 'EACCES' || system?.code === 'EPERM';
  const fix = isDenied ? AS_ROOT : 'Correct this first, then run packetlog doctor again.';
  return notChecked(id, error.message, fix);
}

/** The remedy for a check that needs a privilege. */
export const AS_ROOT = 'Run it as root: sudo packetlog doctor.';

function bad(id: CheckId, state: CheckState, found: Problem | SetupError): Check {
  if (!(found instanceof SetupError)) return { id, state, finding: `${found.problem}.`, fix: found.next };
  return { id, state, finding: found.finding, fix: found.facts.next ?? null };
}
