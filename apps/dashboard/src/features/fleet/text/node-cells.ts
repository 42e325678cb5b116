import type { FleetNode, NodeReport } from '@packetlog/common/fleet';
import { agoText, spanText } from '../../../text/clock.ts';
import { ABSENT, counted, formatCompact, quantityText } from '../../../text/number.ts';

/** A node reports at least every 10 s; after this time without a report its data is old. */
export const SILENT_AFTER_MS = 15_000;
/** An alarm is news for this long. */
export const ALARM_MS = 3_600_000;

export type Tone = 'plain' | 'faint' | 'warn' | 'deny';

/** What a cell shows. */
export interface CellText {
  readonly text: string;
  readonly tone: Tone;
  /** For the tooltip; '' without one. */
  readonly title: string;
}

/** Returns the age of a node's data, ms; Infinity if the hub has not heard it since it started. */
export function ageOf({ heard_at_ms }: FleetNode, nowMs: number): number {
  return heard_at_ms === null ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - heard_at_ms);
}

export function isSilent(node: FleetNode, nowMs: number): boolean {
  return ageOf(node, nowMs) > SILENT_AFTER_MS;
}

/** Formats the age of a node's data: '3 s ago', 'silent for 2 min', 'not heard yet'. */
export function dataText(node: FleetNode, nowMs: number): CellText {
  const age = ageOf(node, nowMs);
  if (age === Number.POSITIVE_INFINITY)
    return { text: 'not heard yet', tone: 'warn', title: 'This node has not reported since the hub started.' };
  if (age <= SILENT_AFTER_MS) return { text: agoText(age), tone: 'faint', title: 'Age of the newest report' };
  // Seconds beside minutes are not worth a change each second.
  const whole = age < 60_000 ? age : Math.floor(age / 60_000) * 60_000;
  const title =
    'No report for this time: the figures are that old. The node keeps enforcing its rules without the hub.';
  return { text: `silent for ${spanText(whole)}`, tone: 'warn', title };
}

/** Names the attach modes of a node: 'native', 'native, generic', '1 of 2 not filtered'. */
export function modesText({ interfaces }: NodeReport): CellText {
  const title = interfaces
    .map(({ name, mode, state }) => `${name}: ${state === 'attached' ? word(mode) : 'not filtered'}`)
    .join('\n');
  const gone = interfaces.filter(({ state }) => state !== 'attached').length;
  if (gone > 0) {
    const text = interfaces.length === gone ? 'not filtered' : `${gone} of ${interfaces.length} not filtered`;
    return { text, tone: 'warn', title };
  }
  const modes = [...new Set(interfaces.map(({ mode }) => word(mode)))].sort().reverse();
  return { text: modes.join(', ') || ABSENT, tone: 'faint', title };
}

function word(mode: NodeReport['interfaces'][number]['mode']): string {
  return mode === 'generic' ? 'generic' : 'native';
}

/** Names the state of the recorder, and what the fleet's history misses. */
export function recorderText({ recorder, ship }: NodeReport): CellText {
  const missed =
    ship === undefined || ship.expired === 0 ? '' : `, ${quantityText(formatCompact(ship.expired))} expired`;
  const title =
    ship === undefined
      ? 'Whether the node records packets on its own disk'
      : `For the fleet’s history: ${counted(ship.acked, 'record')} stored by the hub, ${counted(ship.pending, 'record')} waiting, ${counted(ship.expired, 'record')} deleted on the node before the hub took them${ship.rejected === undefined ? '' : `, ${counted(ship.rejected, 'record')} rejected by the hub as malformed`}.`;
  return { text: `${recorder}${missed}`, tone: recorder === 'stopped' || missed !== '' ? 'warn' : 'faint', title };
}

/** Returns the last alarm with its age; text '' if there is none. */
export function alarmText({ alarm }: NodeReport, nowMs: number): CellText {
  if (alarm === undefined) return { text: '', tone: 'faint', title: '' };
  const age = nowMs - alarm.at_ms;
  const tone = age > ALARM_MS ? 'faint' : alarm.level === 'error' ? 'deny' : 'warn';
  return {
    text: `${agoText(age < 60_000 ? age : Math.floor(age / 60_000) * 60_000)}: ${alarm.message}`,
    tone,
    title: alarm.message,
  };
}
