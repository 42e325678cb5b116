import type { FleetNode } from '@packetlog/common/fleet';
import { type FleetSums, sumsOf } from '../text/fleet-sums.ts';
import { RULES_STATES, rulesStateOf } from '../text/generation-text.ts';
import { ALARM_MS, ageOf, isSilent } from '../text/node-cells.ts';

export const SORT_KEYS = [
  ...(['name', 'group', 'data', 'packets', 'denied', 'lost'] as const),
  ...(['mode', 'version', 'rules', 'recorder', 'alarm'] as const),
] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Which nodes are listed. `rules`: those that do not have the rules that the hub wants there. */
export const SHOWN = ['all', 'silent', 'rules', 'alarms'] as const;
export type Shown = (typeof SHOWN)[number];

export interface ListChoice {
  /** Words that must all occur in the node. */
  readonly search: string;
  readonly shown: Shown;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly isGrouped: boolean;
  /** Groups whose nodes are hidden. */
  readonly closed: ReadonlySet<string>;
}

export const FIRST_CHOICE: ListChoice = {
  ...{ search: '', shown: 'all', sort: 'name', descending: false, isGrouped: false, closed: new Set<string>() },
};

/** A row of the table: a node, or the sums of a group above its nodes. */
export type ListRow =
  | { readonly kind: 'node'; readonly node: FleetNode }
  | { readonly kind: 'group'; readonly name: string; readonly sums: FleetSums; readonly isClosed: boolean };

/** Returns the nodes that match the choice, in its order; ties by name. `nodes` are in the order of their names. */
export function listNodes(nodes: readonly FleetNode[], choice: ListChoice, nowMs: number): readonly FleetNode[] {
  const words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
  const listed = nodes.filter(
    (node) => isShown(node, choice.shown, nowMs) && (words.length === 0 || words.every((word) => has(node, word))),
  );
  const sign = choice.descending ? -1 : 1;
  if (choice.sort === 'name') return choice.descending ? listed.reverse() : listed;
  const values = new Map(listed.map((node) => [node, sortValue(node, choice.sort, nowMs)]));
  return listed.sort((a, b) => sign * compare(values.get(a), values.get(b)));
}

/** Returns the rows of listed nodes: grouped, each group has a row with its sums. */
export function rowsOf(listed: readonly FleetNode[], choice: ListChoice, nowMs: number): readonly ListRow[] {
  if (!choice.isGrouped) return listed.map((node) => ({ kind: 'node', node }));
  const groups = new Map<string, FleetNode[]>();
  for (const node of listed) {
    const members = groups.get(node.group);
    if (members === undefined) groups.set(node.group, [node]);
    else members.push(node);
  }
  return [...groups.keys()].sort().flatMap((name) => {
    const members = groups.get(name) ?? [];
    const isClosed = choice.closed.has(name);
    return [
      { kind: 'group', name, sums: sumsOf(members, nowMs), isClosed } as const,
      ...(isClosed ? [] : members.map((node) => ({ kind: 'node', node }) as const)),
    ];
  });
}

/** Returns the choice after a click on a column header: numbers begin with the largest, texts with the first. */
export function sortedBy(choice: ListChoice, sort: SortKey): ListChoice {
  const descending = choice.sort === sort ? !choice.descending : !['name', 'group', 'mode', 'version'].includes(sort);
  return { ...choice, sort, descending };
}

/** Returns the choice with the nodes of a group shown or hidden. */
export function toggled(choice: ListChoice, group: string): ListChoice {
  const closed = new Set(choice.closed);
  if (!closed.delete(group)) closed.add(group);
  return { ...choice, closed };
}

function isShown(node: FleetNode, shown: Shown, nowMs: number): boolean {
  if (shown === 'silent') return isSilent(node, nowMs);
  if (shown === 'rules') return !['own', 'in_force'].includes(rulesStateOf(node));
  const alarm = node.report?.alarm;
  return shown === 'all' || (alarm !== undefined && nowMs - alarm.at_ms <= ALARM_MS);
}

function has({ name, group, report }: FleetNode, word: string): boolean {
  if (name.includes(word) || group.includes(word)) return true;
  if (report === undefined) return false;
  const { version, recorder, alarm, interfaces, rules } = report;
  return (
    version.includes(word) ||
    recorder.includes(word) ||
    alarm?.message.toLowerCase().includes(word) === true ||
    rules.answer?.state.includes(word) === true ||
    interfaces.some(({ name: device, mode }) => device === word || mode.includes(word))
  );
}

function sortValue(node: FleetNode, sort: SortKey, nowMs: number): number | string {
  const { report } = node;
  if (sort === 'group') return node.group;
  if (sort === 'data') return ageOf(node, nowMs);
  if (sort === 'rules') return RULES_STATES.indexOf(rulesStateOf(node));
  if (report === undefined) return sort === 'mode' || sort === 'version' ? '' : -1;
  switch (sort) {
    case 'packets':
      return report.packets / report.interval_ms;
    case 'denied':
      return report.denied / report.interval_ms;
    case 'lost':
      return report.ledger.ring_full;
    case 'mode':
      return report.interfaces[0]?.mode ?? '';
    case 'version':
      return report.version;
    case 'recorder':
      return ['recording', 'off', 'stopped'].indexOf(report.recorder);
    default:
      return report.alarm?.at_ms ?? -1;
  }
}

function compare(a: number | string = 0, b: number | string = 0): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
