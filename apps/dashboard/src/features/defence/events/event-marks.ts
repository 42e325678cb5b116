/** What happened in the defence of a node, as marks in the chart. */
import { type AuditEntry, findingText } from '@packetlog/common';
import { isBans, isDecision } from '../../../node/messages/defence-messages.ts';
import type { TimeSpan } from '../../../node/past/past.ts';
import type { NodeMessage } from '../../../node/state/figures.ts';
import { timeInRangeText } from '../../../text/calendar-text.ts';
import { counted } from '../../../text/number.ts';
import { shownFindings } from '../../findings/index.ts';

/** In the order of importance: the first one is drawn where several are too close. */
export const EVENT_KINDS = ['ban', 'finding', 'limit'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface DefenceEvent {
  readonly kind: EventKind;
  readonly atMs: number;
  readonly text: string;
}

/** Events that are too close to be drawn beside each other. */
export interface EventMark {
  readonly kind: EventKind;
  /** Position on the time axis, 0 to 1. */
  readonly at: number;
  readonly events: readonly DefenceEvent[];
}

/** Share of the time axis that a mark takes. */
const MARK_SHARE = 0.01;
const MAX_LINES = 6;

/** Returns the bans, findings and enforced limits that are known, oldest first. `entries`: the audit of one node. */
export function defenceEvents({
  bans,
  decisions,
  findings,
  entries,
}: {
  bans: readonly NodeMessage[];
  decisions: readonly NodeMessage[];
  findings: readonly NodeMessage[];
  entries: readonly AuditEntry[];
}): readonly DefenceEvent[] {
  const banned = new Map<string, DefenceEvent>();
  const note = (node: string, decision: number, source: string, atMs: number) =>
    banned.set(`${node} ${decision}`, { kind: 'ban', atMs, text: `${on(node)}Banned ${source}` });
  for (const { node, message } of bans) {
    if (!isBans(message)) continue;
    for (const { decision, source, began_at_ms } of message.newest) note(node, decision, source, began_at_ms);
  }
  for (const { node, message } of decisions) {
    if (isDecision(message) && message.kind === 'ban') note(node, message.id, message.source, message.at_ms);
  }
  const { open, closed } = shownFindings(findings);
  const found = [...open, ...closed].map<DefenceEvent>(({ node, finding }) => ({
    kind: 'finding',
    atMs: finding.opened_at_ms,
    text: `${on(node)}${findingText(finding)}`,
  }));
  return [...banned.values(), ...found, ...entries.flatMap(enforced)].sort((a, b) => a.atMs - b.atMs);
}

/** Returns the marks of the events on the time axis, which is at least as wide as 100 marks. */
export function eventMarks(events: readonly DefenceEvent[], { fromMs, toMs }: TimeSpan): readonly EventMark[] {
  const marks: { at: number; events: DefenceEvent[] }[] = [];
  for (const event of events) {
    const at = (event.atMs - fromMs) / (toMs - fromMs);
    if (!(at >= 0 && at <= 1)) continue;
    const last = marks.at(-1);
    if (last !== undefined && at - last.at < MARK_SHARE) last.events.push(event);
    else marks.push({ at, events: [event] });
  }
  return marks.map(({ at, events: near }) => ({
    kind: EVENT_KINDS.find((kind) => near.some((event) => event.kind === kind)) ?? 'limit',
    at,
    events: near,
  }));
}

/** Lists the events of a mark, a line for each: '14:03:22 Banned 203.0.113.7'. */
export function markTitle({ events }: EventMark, rangeMs: number): string {
  const lines = events.slice(0, MAX_LINES).map(({ atMs, text }) => `${timeInRangeText(atMs, rangeMs)} ${text}`);
  const more = events.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** Counts the events for screen readers: '2 bans, 1 finding.'; '' without events. */
export function eventsText(marks: readonly EventMark[]): string {
  const events = marks.flatMap((mark) => mark.events);
  const nouns = { ban: 'ban', finding: 'finding', limit: 'enforced limit' } as const;
  const counts = EVENT_KINDS.flatMap((kind) => {
    const count = events.filter((event) => event.kind === kind).length;
    return count === 0 ? [] : [counted(count, nouns[kind])];
  });
  return counts.length === 0 ? '' : `In this time: ${counts.join(', ')}.`;
}

function on(node: string): string {
  return node === '' ? '' : `${node}: `;
}

/** Returns the limits that an entry of the audit enforced. */
function enforced({ before, after, at }: AuditEntry): readonly DefenceEvent[] {
  const observed = new Map((before?.rules ?? []).map(({ id, enforce }) => [id, enforce !== true]));
  return (after?.rules ?? [])
    .filter(({ id, action, enforce }) => action === 'limit' && enforce === true && observed.get(id) !== false)
    .map(({ id }) => ({ kind: 'limit', atMs: Date.parse(at), text: `Limit ${id} enforced` }));
}
