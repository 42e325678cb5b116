/** Stage 3, compile: builds the image for the kernel. It precedes the guard, which evaluates the image. */
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { asRejection } from './rejection-text.ts';

/** Compiles the rules without putting them in force. Throws RulesRejection. */
export async function compile(enforcement: Enforcement, ruleset: Ruleset): Promise<CompiledRuleset> {
  try {
    return await enforcement.compile(ruleset);
  } catch (error) {
    throw asRejection(error);
  }
}
