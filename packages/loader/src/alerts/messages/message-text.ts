/** A message as plain text of a few lines. Targets escape it. */
import { formatDuration } from '@packetlog/common';
import { printableName } from '../../system/interface-name.ts';
import type { AlertEvent } from './alert-event.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

const MAX_VALUE = 300;

/** Shortens to `max` UTF-16 units, without half a character at the end. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** One line of text from a packet, an interface or a file: no control characters, no marks of direction. */
export function plainLine(text: string): string {
  // Through UTF-8: half a character becomes U+FFFD.
  return shortened(printableName(Buffer.from(text).toString()), MAX_VALUE);
}

/** Whether any alert of the message fires. */
export function isFiring({ events }: Pick<OutgoingMessage, 'events'>): boolean {
  return events.some(({ what }) => what !== 'resolved');
}

export function eventTitle(event: AlertEvent): string {
  if (event.is_test) return `Test of alert ${event.name}: nothing has happened`;
  return `${event.what === 'resolved' ? 'Resolved' : 'Firing'}: ${event.name}`;
}

/** Returns "denied > 1000/s for 10s: 1,234/s, since 2026-01-31 10:20:30 UTC". */
export function eventText({ condition, value, what, at_ms, starts_at_ms }: AlertEvent): string {
  const since = `since ${utcText(starts_at_ms)} UTC`;
  const until = `fired ${utcText(starts_at_ms)} UTC, lasted ${formatDuration(Math.max(0, at_ms - starts_at_ms))}`;
  return `${printableName(condition)}: ${plainLine(value)}, ${what === 'resolved' ? until : since}`;
}

/** Returns "and 1,234 more events"; undefined if there are none. */
export function moreText(more: number): string | undefined {
  return more === 0 ? undefined : `and ${more.toLocaleString('en-US')} more event${more === 1 ? '' : 's'}`;
}

export function messageTitle(message: OutgoingMessage): string {
  const [first, ...others] = message.events;
  const also = others.length === 0 ? '' : ` and ${others.length} more`;
  return first === undefined ? '' : `${eventTitle(first)}${also} (${message.node})`;
}

/** Returns a title and a line for each event, then what is not told. */
export function messageText(message: OutgoingMessage): string {
  const lines = message.events.map((event) => `${eventTitle(event)} (${message.node})\n${eventText(event)}`);
  return [...lines, ...[moreText(message.more)].filter((line) => line !== undefined)].join('\n');
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
