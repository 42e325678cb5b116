/** The body for Alertmanager: a list of postableAlert of its API v2 (POST /api/v2/alerts). */
import { annotationsOf, labelsOf, rfc3339 } from './alert-labels.ts';
import type { OutgoingMessage, RenderedMessage } from './outgoing-message.ts';

const PATH = '/api/v2/alerts';
/** A firing alert ends in Alertmanager unless it is repeated within this many of its repeat intervals. */
const REPEATS = 3;

/** `url`: of Alertmanager, with the prefix of its routes if it has one. */
export function alertmanagerBody(
  url: string,
  { events, more, node, dashboard, nowMs }: OutgoingMessage,
): RenderedMessage {
  const alerts = events.map((event, i) => ({
    labels: labelsOf(event, node),
    annotations: annotationsOf(event, i === 0 ? more : 0),
    startsAt: rfc3339(event.starts_at_ms),
    endsAt: rfc3339(endOf(event, nowMs)),
    generatorURL: dashboard,
  }));
  return { url: `${url.replace(/\/+$/, '')}${PATH}`, body: JSON.stringify(alerts) };
}

/** Before the start no alert may end: Alertmanager rejects it. */
function endOf({ what, at_ms, starts_at_ms, repeat_ms }: OutgoingMessage['events'][number], nowMs: number): number {
  return what === 'resolved' ? Math.max(at_ms, starts_at_ms) : Math.max(nowMs, starts_at_ms) + REPEATS * repeat_ms;
}
