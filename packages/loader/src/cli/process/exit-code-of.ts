/** The exit code of a rejected request. */
import type { RulesError } from '@packetlog/common';
import { EXIT, type ExitReason } from '../../errors/exit-codes.ts';

/** An exit code. */
export type Outcome = number;

const EXIT_OF: Readonly<Record<RulesError['code'], ExitReason>> = {
  forbidden: 'privilege',
  invalid: 'usage',
  not_found: 'not_found',
  lockout: 'lockout',
  untried: 'usage',
  limit: 'failed',
  internal: 'failed',
  unavailable: 'unsupported',
};

export function exitCodeOf({ code }: Pick<RulesError, 'code'>): Outcome {
  return EXIT[EXIT_OF[code]];
}
