import { SetupError } from '../errors/setup-error.ts';
import type { Outcome } from './libbpf.ts';

/** Returns the value of a call; throws SetupError if the call failed. */
export function need<T>(outcome: Outcome<T>, step: string, target: string): T {
  if (outcome.errno) throw new SetupError({ step, target, errno: outcome.errno, exit: 'unsupported' });
  return outcome.value;
}
