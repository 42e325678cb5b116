/**
 * The body of a webhook: version 4 of Alertmanager's, so that its receivers take it as it is
 * (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 */
import { annotationsOf, labelsOf, rfc3339 } from './alert-labels.ts';
import { isFiring } from './message-text.ts';
import type { OutgoingMessage, RenderedMessage } from './outgoing-message.ts';

/** How Go prints a time that is not set. */
const NO_TIME = '0001-01-01T00:00:00Z';

export function webhookBody(url: string, message: OutgoingMessage): RenderedMessage {
  const { events, more, node, dashboard } = message;
  const alerts = events.map((event) => ({
    status: event.what === 'resolved' ? 'resolved' : 'firing',
    labels: labelsOf(event, node),
    annotations: annotationsOf(event),
    startsAt: rfc3339(event.starts_at_ms),
    endsAt: event.what === 'resolved' ? rfc3339(event.at_ms) : NO_TIME,
    generatorURL: dashboard,
    fingerprint: event.fingerprint,
  }));
  const groupLabels = { job: 'packetlog', node };
  const body = {
    version: '4',
    groupKey: `{}:{job="packetlog", node=${JSON.stringify(node)}}`,
    truncatedAlerts: more,
    status: isFiring(message) ? 'firing' : 'resolved',
    receiver: 'packetlog',
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: dashboard,
    alerts,
  };
  return { url, body: JSON.stringify(body) };
}

/** Returns the entries that all have. */
function common([first = {}, ...others]: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((each) => each[name] === value)),
  );
}
