/** Stage 3, compile: the image that the kernel would be given. It comes before the guard, which asks the image. */
import type { RuleBook } from '../ruleset/ruleset.ts';
import type { Enforcement, Held } from './enforcement.ts';
import { asRefusal } from './rejection-text.ts';

/** Nothing is in force yet. Throws RulesRefusal. */
export async function compile(enforcement: Enforcement, book: RuleBook): Promise<Held> {
  try {
    return await enforcement.compile(book);
  } catch (error) {
    throw asRefusal(error);
  }
}
