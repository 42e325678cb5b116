/** Checks of requests about rules, and the records that they lead to. All throw FleetRejection. */
import type { FleetRules } from '@packetlog/common/fleet';
import { FleetRejection } from '../requests/handlers.ts';
import { resumed, stopped } from './plan-rollout.ts';
import { type GroupRules, isRollout, newestNumber, type RolloutRecord } from './rollout-record.ts';

export function requireExpected(group: string, rules: GroupRules | undefined, expected: number): void {
  const newest = newestNumber(rules);
  if (newest === expected) return;
  const message = `The newest generation of ${group} is ${newest}, not ${expected}. Read it again, then repeat the change.`;
  throw new FleetRejection('conflict', message, { field: 'expected' });
}

/** Rejects a rule that names a list which the generation does not have: no node could accept it. */
export function requireLists({ rules, lists }: FleetRules): void {
  rules.forEach(({ source }, index) => {
    const list = source.startsWith('set:') ? source.slice('set:'.length) : undefined;
    if (list === undefined || Object.hasOwn(lists, list)) return;
    const field = `rules.rules.${index}.source`;
    throw new FleetRejection('invalid', `${field}: there is no list ${list}. Add it to lists.`, { field });
  });
}

export function stopOf(group: string, record: RolloutRecord, person: string): RolloutRecord {
  if (record.state === 'running') return stopped(record, `${person} stopped it.`);
  throw new FleetRejection('conflict', `The rollout of ${group} is ${record.state}: there is nothing to stop.`);
}

export function resumeOf(group: string, record: RolloutRecord): RolloutRecord {
  if (record.state !== 'running') return resumed(record);
  throw new FleetRejection('conflict', `The rollout of ${group} is running.`);
}

export function blobsOf(rules: GroupRules | undefined): Set<string> {
  if (!isRollout(rules)) return new Set();
  return new Set([rules.generation.blob, ...(rules.base === undefined ? [] : [rules.base.blob])]);
}

export function notHeard(node: string): FleetRejection {
  return new FleetRejection('unavailable', `${node} has no connection to this hub. Try again when it is heard.`);
}
