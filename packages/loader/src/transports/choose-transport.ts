/** Which transports to try, best first. Pure. */
import { arrayTransport } from './array-transport.ts';
import { kernelTransport } from './kernel-transport.ts';
import { perfTransport } from './perf-transport.ts';
import type { Transport, TransportName } from './transport.ts';

export type RequestedTransport = 'auto' | TransportName;

const ALL: readonly Transport[] = [arrayTransport, kernelTransport, perfTransport];

/** `realtime`: on PREEMPT_RT two programs may interleave on one CPU, which the array ring does not stand. */
export function candidates(requested: RequestedTransport, realtime: boolean): Transport[] {
  if (requested !== 'auto') return ALL.filter(({ name }) => name === requested);
  return ALL.filter(({ name }) => !(realtime && name === 'array'));
}
