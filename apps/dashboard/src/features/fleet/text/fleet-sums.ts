import type { FleetNode } from '@packetlog/common/fleet';
import { RULES_STATES, type RulesState, rulesStateOf } from './generation-text.ts';
import { ALARM_MS, isSilent } from './node-cells.ts';

/** Sums over nodes. Rates are those of nodes that are not silent. */
export interface FleetSums {
  readonly nodes: number;
  readonly silent: number;
  /** Per second. */
  readonly packets: number;
  readonly bytes: number;
  readonly denied: number;
  /** Records lost since the nodes' loaders started. */
  readonly lost: number;
  readonly rules: Readonly<Record<RulesState, number>>;
  /** Nodes with an alarm in the last hour. */
  readonly alarms: number;
}

export function sumsOf(nodes: readonly FleetNode[], nowMs: number): FleetSums {
  const sums = { nodes: nodes.length, silent: 0, packets: 0, bytes: 0, denied: 0, lost: 0, alarms: 0 };
  const rules = Object.fromEntries(RULES_STATES.map((state) => [state, 0])) as Record<RulesState, number>;
  for (const node of nodes) {
    const { report } = node;
    rules[rulesStateOf(node)]++;
    const silent = isSilent(node, nowMs);
    if (silent) sums.silent++;
    if (report === undefined) continue;
    sums.lost += report.ledger.ring_full;
    if (report.alarm !== undefined && nowMs - report.alarm.at_ms <= ALARM_MS) sums.alarms++;
    if (silent) continue;
    const perSecond = 1000 / report.interval_ms;
    sums.packets += report.packets * perSecond;
    sums.bytes += report.bytes * perSecond;
    sums.denied += report.denied * perSecond;
  }
  return { ...sums, rules };
}

/** Returns the number of nodes that do not have the rules that the hub wants there. */
export function notInForce({ rules }: FleetSums): number {
  return rules.sent + rules.waiting + rules.drift + rules.failed + rules.rejected;
}
