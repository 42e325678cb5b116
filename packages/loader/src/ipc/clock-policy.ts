/** How a record gets its timestamp, and how early it may be. Pure. */
import type { Hello } from '@packetlog/common';
import type { TransportName } from './settings.ts';

export type ClockPolicy = Hello['clock']['policy'];

/** Error of the offset to the wall clock, which is known to a few microseconds. */
const OFFSET_ERROR_NS = 10_000;
/** A reused timestamp is early by at most a jiffy: 10 ms at the lowest HZ that kernels are built with. */
const JIFFY_NS = 10_000_000;

/**
 * Returns the policy in effect. Only the array ring has a polling flag, which shows the program that packets are dense:
 * with other transports `auto` reads the clock for each packet.
 */
export function clockWith(requested: ClockPolicy, transport: TransportName): ClockPolicy {
  return requested === 'auto' && transport !== 'array' ? 'precise' : requested;
}

export function clockOf(requested: ClockPolicy, transport: TransportName): Hello['clock'] {
  const policy = clockWith(requested, transport);
  return { policy, error_ns: OFFSET_ERROR_NS + (policy === 'precise' ? 0 : JIFFY_NS) };
}
