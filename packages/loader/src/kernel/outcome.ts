import type { Outcome } from '../native/libbpf.ts';
import { SetupError } from '../setup-error.ts';

/** The value of a call that must not fail, or a SetupError. */
export function need<T>(outcome: Outcome<T>, step: string, target: string): T {
  if (outcome.errno) throw new SetupError({ step, target, errno: outcome.errno, exit: 'unsupported' });
  return outcome.value;
}
