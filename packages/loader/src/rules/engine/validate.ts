/** Stage 2, validate: checks what must hold for every ruleset, from a request or from a file. */
import { addressListLength } from '../lists/address-list.ts';
import { invalid } from '../ruleset/rejection.ts';
import { type NamedSet, type Ruleset, setOf } from '../ruleset/ruleset.ts';

/**
 * Throws RulesRejection if a rule names a set that does not exist, or if a set that is not in `allowed` lost all its
 * networks compared with `before`: a failed download looks like an empty list. `isLost`: returns whether a set is empty
 * because its list was lost.
 */
export function validate(
  before: Ruleset,
  after: Ruleset,
  allowed: ReadonlySet<string>,
  isLost: (set: NamedSet) => boolean,
): void {
  for (const rule of after.rules) {
    const name = setOf(rule);
    if (name === undefined || after.sets.has(name)) continue;
    throw invalid(
      `rule ${rule.id}: there is no set ${name}. Import one first: packetlog rules import FILE --set ${name}.`,
      'rule.source',
    );
  }
  for (const [name, set] of after.sets) {
    if (allowed.has(name) || addressListLength(set.list) > 0) continue;
    const known = before.sets.get(name);
    // An empty set that was accepted before passes again.
    if (known === set || (known !== undefined && addressListLength(known.list) === 0 && !isLost(known))) continue;
    throw invalid(
      `The list holds no network, so set ${name} was not changed. Check where the list comes from; ` +
        'if it is meant to be empty, import it with --allow-empty.',
      'allow_empty',
    );
  }
}
