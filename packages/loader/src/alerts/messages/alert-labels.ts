/** Labels and annotations of an alert, as Alertmanager names them. */
import type { AlertEvent } from './alert-event.ts';
import { eventText, eventTitle, moreText, plainLine } from './message-text.ts';

/** The same for all events of an alert: Alertmanager recognizes it by its labels. */
export function labelsOf(event: AlertEvent, node: string): Record<string, string> {
  return { alertname: event.name, job: 'packetlog', node, ...(event.is_test && { test: 'true' }) };
}

export function annotationsOf(event: AlertEvent, more = 0): Record<string, string> {
  const not_told = moreText(more);
  return {
    summary: eventTitle(event),
    description: eventText(event),
    condition: event.condition,
    value: plainLine(event.value),
    ...(not_told !== undefined && { not_told }),
  };
}

export const rfc3339 = (ms: number) => new Date(ms).toISOString();
