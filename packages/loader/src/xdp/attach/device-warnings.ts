/** What is unusual about a device that can be watched. Pure. */
import type { Problem } from '../../errors/setup-error.ts';
import type { LinkFacts } from '../../native/link-message.ts';

export interface DeviceWarnings {
  /** It cannot receive packets now. */
  state: Problem | undefined;
  /** It is a part of another device. */
  member: Problem | undefined;
}

/** Names are safe to print on a terminal. */
export function deviceWarnings(
  name: string,
  { isUp, hasCarrier }: Pick<LinkFacts, 'isUp' | 'hasCarrier'>,
  /** The device that this one is a part of. */
  master?: { name: string; kind: string | undefined },
): DeviceWarnings {
  return {
    state: stateWarning(name, isUp, hasCarrier),
    member: master && memberWarning(name, master.name, master.kind),
  };
}

function stateWarning(name: string, isUp: boolean, hasCarrier: boolean): Problem | undefined {
  if (!isUp)
    return { problem: `${name} is down, so no packets arrive`, next: `Set it up: ip link set dev ${name} up.` };
  if (hasCarrier) return undefined;
  return {
    problem: `${name} has no carrier, so no packets arrive`,
    next: `Check its cable, or the device at its other end: ip -d link show dev ${name}.`,
  };
}

function memberWarning(name: string, master: string, kind: string | undefined): Problem | undefined {
  switch (kind) {
    case 'bond':
    case 'team':
      return {
        problem: `${name} is a member of ${master}, so packets that arrive on its other members are not watched`,
        next: `Watch all members: --iface ${master}.`,
      };
    case 'bridge':
      return {
        problem: `${name} is a port of the bridge ${master}, so rules also act on frames that the bridge forwards`,
        next: `To watch only packets for this machine: --iface ${master}.`,
      };
    default:
      return undefined;
  }
}
