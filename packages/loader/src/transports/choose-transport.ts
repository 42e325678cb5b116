/** Which transports to try, best first. Pure. */
import type { RequestedTransport } from '../ipc/settings.ts';
import { arrayTransport } from './array-transport.ts';
import { kernelTransport } from './kernel-transport.ts';
import { perfTransport } from './perf-transport.ts';
import type { Transport } from './transport.ts';

const ALL: readonly Transport[] = [arrayTransport, kernelTransport, perfTransport];

/**
 * Returns the transports to try. `realtime`: on PREEMPT_RT two programs may interleave on one CPU, which the array ring
 * does not support.
 */
export function candidates(requested: RequestedTransport, realtime: boolean): Transport[] {
  if (requested !== 'auto') return ALL.filter(({ name }) => name === requested);
  return ALL.filter(({ name }) => !(realtime && name === 'array'));
}
