/** The order in which attaching is tried, and what each refusal means. Pure: the kernel is a parameter. */
import type { AttachMode } from '@packetlog/common';
import { describeErrno, ERRNO } from '../native/errno.ts';

/** What the operator asked for with --mode. */
export type RequestedMode = 'auto' | 'native' | 'generic';

export interface Step {
  mode: AttachMode;
  program: 'frags' | 'single';
}

const STEPS: readonly Step[] = [
  { mode: 'native_frags', program: 'frags' },
  { mode: 'native', program: 'single' },
  { mode: 'generic', program: 'single' },
];

export function ladder(requested: RequestedMode, hasFrags: boolean): Step[] {
  return STEPS.filter((step) => {
    if (step.program === 'frags' && !hasFrags) return false;
    if (requested === 'auto') return true;
    return (requested === 'generic') === (step.mode === 'generic');
  });
}

export interface Refusal {
  step: Step;
  errno: number;
}

export type Climb =
  | { outcome: 'attached'; step: Step; link: number; refusals: Refusal[] }
  | { outcome: 'busy' | 'refused'; refusals: Refusal[] };

/**
 * Tries the steps in order. EINVAL, ERANGE (MTU too large for one buffer) and EOPNOTSUPP mean
 * "this mode not": the kernel's own automatic choice misses ERANGE. EBUSY and EEXIST mean that
 * somebody else's program is there; anything else is final.
 */
export function climb(steps: readonly Step[], attach: (step: Step) => { value: number; errno: number }): Climb {
  const refusals: Refusal[] = [];
  for (const step of steps) {
    const { value, errno } = attach(step);
    if (errno === 0) return { outcome: 'attached', step, link: value, refusals };
    refusals.push({ step, errno });
    if (errno === ERRNO.EBUSY || errno === ERRNO.EEXIST) return { outcome: 'busy', refusals };
    if (!isNotThisMode(errno)) break;
  }
  return { outcome: 'refused', refusals };
}

function isNotThisMode(errno: number): boolean {
  return errno === ERRNO.EINVAL || errno === ERRNO.ERANGE || errno === ERRNO.EOPNOTSUPP;
}

/** "native: EOPNOTSUPP (95): ...; ..." */
export function explainRefusals(refusals: readonly Refusal[]): string {
  return refusals.map(({ step, errno }) => `${step.mode}: ${meaning(errno)}`).join('; ');
}

function meaning(errno: number): string {
  if (errno === ERRNO.EOPNOTSUPP) return 'the driver has no native XDP';
  if (errno === ERRNO.ERANGE) return 'the MTU is too large for one buffer';
  return describeErrno(errno);
}
