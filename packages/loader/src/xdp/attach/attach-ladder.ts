/** The order of the attach modes, and the meaning of each errno. Pure: the kernel is a parameter. */
import type { AttachMode } from '@packetlog/common';
import { describeErrno, ERRNO } from '../../errors/errno.ts';
import type { RequestedMode } from '../../ipc/settings.ts';

export interface Step {
  mode: AttachMode;
  program: 'frags' | 'single';
}

const GENERIC: Step = { mode: 'generic', program: 'single' };
const STEPS: readonly Step[] = [
  { mode: 'native_frags', program: 'frags' },
  { mode: 'native', program: 'single' },
  GENERIC,
];

/** Kinds of devices on which `auto` tries generic mode first, and why. */
const GENERIC_FIRST: Readonly<Record<string, string>> = {
  // bond_xdp_set runs the program on the members, under their ifindexes; generic XDP runs again on the bond's packet.
  bond: 'in native mode the program would run on the members of the bond; --mode native selects it',
  team: 'generic mode sees what arrives on the team, not on a member',
  // veth_xdp_set (drivers/net/veth.c) takes NETIF_F_GSO_SOFTWARE off the peer, and veth_xdp_rcv_skb copies each frame.
  veth: 'native mode on veth undoes segmentation offload, which leaves a TCP stream about a third of its speed; --mode native selects it',
};

/**
 * Returns why `auto` prefers generic mode on a kind of device (`rtnl_link_ops.kind`); undefined where it prefers native
 * mode.
 */
export function genericFirst(requested: RequestedMode, kind: string | undefined): string | undefined {
  return requested === 'auto' && kind !== undefined ? GENERIC_FIRST[kind] : undefined;
}

/** Returns the steps in the order in which they are tried on a device of this kind. */
export function ladder(requested: RequestedMode, hasFrags: boolean, kind?: string): Step[] {
  const possible = STEPS.filter((step) => {
    if (step.program === 'frags' && !hasFrags) return false;
    if (requested === 'auto') return true;
    return (requested === 'generic') === (step.mode === 'generic');
  });
  if (genericFirst(requested, kind) === undefined) return possible;
  return [GENERIC, ...possible.filter(({ mode }) => mode !== 'generic')];
}

export interface Rejection {
  step: Step;
  errno: number;
}

export type Climb =
  | { outcome: 'attached'; step: Step; link: number; rejections: Rejection[] }
  | { outcome: 'busy' | 'rejected'; rejections: Rejection[] };

/** Errors that do not depend on the mode: no other step can succeed. */
const FINAL: readonly number[] = [ERRNO.EPERM, ERRNO.EACCES, ERRNO.ENODEV];

/**
 * Tries the steps in order. EBUSY and EEXIST mean that another XDP program is attached; EPERM, EACCES and ENODEV are
 * final. After any other errno it tries the next step: a driver that lacks what a mode needs may return any errno
 * (EINVAL, EOPNOTSUPP, ERANGE for the MTU, ENOSPC for queues, ENOMEM for buffers).
 */
export function climb(steps: readonly Step[], attach: (step: Step) => { value: number; errno: number }): Climb {
  const rejections: Rejection[] = [];
  for (const step of steps) {
    const { value, errno } = attach(step);
    if (errno === 0) return { outcome: 'attached', step, link: value, rejections };
    rejections.push({ step, errno });
    if (errno === ERRNO.EBUSY || errno === ERRNO.EEXIST) return { outcome: 'busy', rejections };
    if (FINAL.includes(errno)) break;
  }
  return { outcome: 'rejected', rejections };
}

/**
 * Formats the rejections: "native: the MTU is too large for one buffer; generic: ...", or only the reason if it is the
 * same for all.
 */
export function explainRejections(rejections: readonly Rejection[]): string {
  const [reason, ...others] = new Set(rejections.map(({ errno }) => meaning(errno)));
  if (reason !== undefined && others.length === 0) return reason;
  return rejections.map(({ step, errno }) => `${step.mode}: ${meaning(errno)}`).join('; ');
}

/** Reasons why a driver rejects native mode, which `packetlog doctor` predicts. */
export const NO_NATIVE_XDP = 'the driver has no native XDP';
export const MTU_TOO_LARGE = 'the MTU is too large for one buffer';
export const TOO_FEW_QUEUES = 'the device has fewer queues than native XDP needs (ENOSPC)';

function meaning(errno: number): string {
  if (errno === ERRNO.EOPNOTSUPP) return NO_NATIVE_XDP;
  if (errno === ERRNO.ERANGE) return MTU_TOO_LARGE;
  if (errno === ERRNO.ENOSPC) return TOO_FEW_QUEUES;
  if (errno === ERRNO.ENODEV) return 'the interface is gone (ENODEV)';
  return describeErrno(errno);
}
