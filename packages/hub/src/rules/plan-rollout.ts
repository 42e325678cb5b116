/**
 * Decides how a rollout goes on: one node, then a few (5 % of the group, at least one more), then all. Pure: the runner
 * tells it what nodes said, stores the record that it returns, and sends.
 */
import type { NodeRules } from '@packetlog/common/fleet';
import { type Outcome, outcomeOf } from './node-outcome.ts';
import type { RolloutRecord } from './rollout-record.ts';

const FEW = 0.05;
const MAX_WHY = 512;

export interface Member {
  readonly name: string;
  /** Whether it has a connection to this hub. */
  readonly isHeard: boolean;
  /** What it told on this connection. */
  readonly rules: NodeRules | undefined;
  /** Whether it was asked since this attempt began, and has answered. */
  readonly hasAnswered: boolean;
  /** Whether nothing came of it for so long that nothing waits for it any more. */
  readonly isSilent: boolean;
}

interface Decided extends Member {
  readonly outcome: Outcome;
}

/** Returns the record after what is known now: the same object if nothing changes. `members`: all nodes of the group. */
export function planRollout(record: RolloutRecord, group: string, members: readonly Member[]): RolloutRecord {
  if (record.state !== 'running') return record;
  const decided = members.map((member): Decided => ({ ...member, outcome: decisionOf(record, group, member) }));
  const bad = decided.find(({ outcome }) => outcome === 'rejected' || outcome === 'failed');
  if (bad !== undefined) return stopped(record, whyOf(bad, record.generation.number));
  return record.stage === 'all' ? planAll(record, decided) : planChosen(record, decided);
}

/** A rejection counts if the node answered in this attempt: after a resumption it is asked again. */
function decisionOf(record: RolloutRecord, group: string, { rules, hasAnswered, isHeard }: Member): Outcome {
  const outcome = isHeard ? outcomeOf({ group, ...record.generation }, rules) : 'unknown';
  const isBad = outcome === 'rejected' || outcome === 'failed';
  return isBad && !hasAnswered ? 'unknown' : outcome;
}

function planChosen(record: RolloutRecord, members: readonly Decided[]): RolloutRecord {
  const isChosen = new Set(record.chosen);
  const chosen = members.filter(({ name }) => isChosen.has(name));
  const silent = chosen.find(({ outcome, isSilent }) => outcome !== 'in_force' && isSilent);
  if (silent !== undefined) return stopped(record, silentText(silent, record));
  const quota = record.stage === 'one' ? 1 : Math.max(2, Math.ceil(members.length * FEW));
  const others = members.filter(({ name }) => !isChosen.has(name));
  const heard = others.filter(({ isHeard, isSilent }) => isHeard && !isSilent);
  const added = heard.slice(0, Math.max(0, quota - chosen.length)).map(({ name }) => name);
  // Nodes that have left the group do not count.
  if (added.length > 0) return { ...record, chosen: [...chosen.map(({ name }) => name), ...added] };
  const isAwaited = others.some(({ isSilent }) => !isSilent) && chosen.length < quota;
  const isReady = chosen.length > 0 && chosen.every(({ outcome }) => outcome === 'in_force') && !isAwaited;
  return isReady ? { ...record, stage: record.stage === 'one' ? 'few' : 'all' } : record;
}

/** Silent nodes get the generation when they come back. Without any node that has it, it goes on, or stops. */
function planAll(record: RolloutRecord, members: readonly Decided[]): RolloutRecord {
  if (!members.every(({ outcome, isSilent }) => outcome === 'in_force' || isSilent)) return record;
  if (members.some(({ outcome }) => outcome === 'in_force')) return { ...record, state: 'done' };
  const silent = members.find(({ isHeard }) => isHeard);
  return silent === undefined ? record : stopped(record, silentText(silent, record));
}

function silentText({ name }: Member, { generation: { number } }: RolloutRecord): string {
  return `${name} did not answer after it was sent generation ${number}.`;
}

export function stopped(record: RolloutRecord, why: string): RolloutRecord {
  return { ...record, state: 'stopped', why: why.slice(0, MAX_WHY) };
}

/** Tries again where the rollout stopped, and what was rejected in one that is done. */
export function resumed({ why: _, ...record }: RolloutRecord): RolloutRecord {
  return { ...record, state: 'running', attempt: record.attempt + 1 };
}

function whyOf({ name, outcome, rules }: Decided, number: number): string {
  const { code, message } = rules?.answer ?? {};
  const what = outcome === 'rejected' ? 'rejected' : 'failed to put in force';
  return `${name} ${what} generation ${number}${code === undefined ? '' : ` (${code})`}${message === undefined ? '.' : `: ${message}`}`;
}
