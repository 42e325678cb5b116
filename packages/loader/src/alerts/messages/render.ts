/** Renders a message for its target. */
import type { AlertTarget, AlertTargetType } from '../../ipc/alerts/alerts-access.ts';
import type { OutgoingRequest } from '../../ipc/alerts/outgoing-request.ts';
import { alertmanagerBody } from './alertmanager-body.ts';
import { discordBody, ntfyBody, slackBody } from './chat-bodies.ts';
import type { OutgoingMessage, RenderedMessage } from './outgoing-message.ts';
import { webhookBody } from './webhook-body.ts';

const TIMEOUT_MS = 10_000;

const BODIES: Readonly<Record<AlertTargetType, (url: string, message: OutgoingMessage) => RenderedMessage>> = {
  webhook: webhookBody,
  alertmanager: alertmanagerBody,
  ntfy: ntfyBody,
  slack: slackBody,
  discord: discordBody,
};

export function render({ type, url, authorization }: AlertTarget, message: OutgoingMessage): OutgoingRequest {
  const rendered = BODIES[type](url, message);
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'packetlog',
    ...(authorization !== undefined && { Authorization: authorization }),
  };
  return { ...rendered, headers, timeout_ms: TIMEOUT_MS };
}
