/**
 * The part of the rules that is from a generation of the fleet: the rules with a group, the sets `fleet.NAME`, and the
 * default policy while `ownPolicy` is there. The rest is the node's own.
 */
import type { DefaultPolicy, Rule } from '@packetlog/common';
import { isFleetSet } from '@packetlog/common/fleet';
import type { NamedSet, Ruleset } from './ruleset.ts';

export function isFleetRule({ group }: Pick<Rule, 'group'>): boolean {
  return group !== undefined;
}

/** Returns the node's own default policy, which counts while no generation sets one. */
export function ownPolicy(ruleset: Pick<Ruleset, 'defaultPolicy' | 'ownPolicy'>): DefaultPolicy {
  return ruleset.ownPolicy ?? ruleset.defaultPolicy;
}

/** Returns the default policy that a generation sets; undefined: none does. */
export function fleetPolicy(ruleset: Pick<Ruleset, 'defaultPolicy' | 'ownPolicy'>): DefaultPolicy | undefined {
  return ruleset.ownPolicy === undefined ? undefined : ruleset.defaultPolicy;
}

/** Returns the default policies of a ruleset. `fleet`: what a generation sets; undefined: nothing. */
export function policies(own: DefaultPolicy, fleet: DefaultPolicy | undefined) {
  return fleet === undefined ? { defaultPolicy: own } : { defaultPolicy: fleet, ownPolicy: own };
}

/** Returns the rules and sets of the fleet. The default policy and the protected addresses are those of `ruleset`. */
export function fleetPart(ruleset: Ruleset): Ruleset {
  return { ...ruleset, rules: ruleset.rules.filter(isFleetRule), sets: setsThat(ruleset, isFleetSet) };
}

/** Returns the node's own rules and sets. */
export function ownPart(ruleset: Ruleset): Ruleset {
  const rules = ruleset.rules.filter((rule) => !isFleetRule(rule));
  return { ...ruleset, rules, sets: setsThat(ruleset, (name) => !isFleetSet(name)) };
}

/** Returns `own` with the fleet's part of `fleet` in place of its own one. */
export function withFleetPart(own: Ruleset, fleet: Ruleset): Ruleset {
  const { ownPolicy: _, ...mine } = ownPart(own);
  const theirs = fleetPart(fleet);
  return {
    ...mine,
    ...policies(ownPolicy(own), fleetPolicy(fleet)),
    rules: [...mine.rules, ...theirs.rules],
    sets: new Map([...mine.sets, ...theirs.sets]),
    nextId: Math.max(own.nextId, fleet.nextId),
  };
}

function setsThat({ sets }: Ruleset, isWanted: (name: string) => boolean): ReadonlyMap<string, NamedSet> {
  return new Map([...sets].filter(([name]) => isWanted(name)));
}
