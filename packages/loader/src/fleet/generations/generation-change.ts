/** The change that puts a generation of the fleet in force. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { type Change, difference } from '../../rules/engine/change.ts';
import { applyTo, type Desired } from '../../rules/ruleset/apply.ts';
import { fleetPart, fleetPolicy, ownPolicy, policies, withFleetPart } from '../../rules/ruleset/fleet-part.ts';
import type { GenerationId } from '../../rules/ruleset/pending.ts';

export interface DesiredGeneration extends GenerationId {
  /** Undefined: that of the node. */
  readonly defaultPolicy: Desired['defaultPolicy'] | undefined;
  /** Without expired rules, each with the group. */
  readonly rules: Desired['rules'];
  /** Sets that a rule names, with their names on this node. */
  readonly sets: Desired['sets'];
}

/**
 * Replaces the fleet's part of the rules with a generation, and keeps the node's own rules. A rule that stays the same
 * keeps its id and counters. `why`: for the audit file.
 */
export function applyingGeneration(
  desired: DesiredGeneration,
  { why, force }: { readonly why: string; readonly force: boolean },
  who: CallerIdentity,
): Change<undefined> {
  const { group, number, defaultPolicy } = desired;
  const description = `generation ${number} of ${group}`;
  return {
    what: 'apply',
    who,
    why: why === '' ? description : `${description}: ${why}`,
    description,
    force,
    isUnattended: false,
    isAccepted: false,
    generation: { group, number },
    apply: (ruleset, circumstances) => {
      const { ownPolicy: _, ...part } = fleetPart(ruleset);
      const same = { defaultPolicy: ruleset.defaultPolicy, protect: ruleset.protect };
      const { ruleset: fleet } = applyTo(part, { ...desired, ...same }, circumstances);
      if (fleet === part && fleetPolicy(ruleset) === defaultPolicy) return { ruleset, value: undefined };
      const after = withFleetPart(ruleset, { ...fleet, ...policies(ownPolicy(ruleset), defaultPolicy) });
      return { ruleset: after, value: undefined, ...difference(ruleset, after) };
    },
  };
}
