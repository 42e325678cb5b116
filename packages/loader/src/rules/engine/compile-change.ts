/** Stage 3, compile: the image that the kernel would be given. It comes before the guard, which asks the image. */
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { CompiledRuleset, Enforcement } from './enforcement.ts';
import { asRefusal } from './rejection-text.ts';

/** Nothing is in force yet. Throws RulesRejection. */
export async function compile(enforcement: Enforcement, ruleset: Ruleset): Promise<CompiledRuleset> {
  try {
    return await enforcement.compile(ruleset);
  } catch (error) {
    throw asRefusal(error);
  }
}
