import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ALERT_TARGETS, type AlertTarget } from '../../ipc/alerts/alerts-access.ts';
import { outgoingRequestSchema } from '../../ipc/alerts/outgoing-request.ts';
import type { AlertEvent } from './alert-event.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { render } from './render.ts';

const NOW = Date.UTC(2026, 0, 31, 10, 20, 30);
const FIRED: AlertEvent = {
  ...{ fingerprint: '0123456789abcdef', name: 'denied', condition: 'denied > 1000/s for 10s', what: 'fired' },
  ...{ value: '1,234/s', at_ms: NOW, starts_at_ms: NOW, repeat_ms: 300_000 },
};
const RESOLVED: AlertEvent = { ...FIRED, name: 'disk', what: 'resolved', starts_at_ms: NOW - 90_000 };
const MESSAGE: OutgoingMessage = {
  ...{ events: [FIRED, RESOLVED], more: 1234, node: 'node-1', dashboard: 'http://localhost:7411', nowMs: NOW + 5000 },
};
const HOSTILE =
  '@everyone <!channel> <@U1> & *b* _i_ `c` [x](https://evil.example) #general "q" \\ \u202e\u0007\n\ud800 <script>';

function targetOf(type: AlertTarget['type']): AlertTarget {
  const url = { ntfy: 'https://ntfy.example/topic', alertmanager: 'https://am.example/prefix/' } as const;
  return { type, url: url[type as keyof typeof url] ?? 'https://example.org/hook', is_secret: true };
}
const bodyOf = (type: AlertTarget['type'], message: OutgoingMessage = MESSAGE): unknown =>
  JSON.parse(render(targetOf(type), message).body);

const labels = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string());
const time = z.iso.datetime();

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const webhook = z.strictObject({
  version: z.literal('4'),
  groupKey: z.string(),
  truncatedAlerts: z.number().int().nonnegative(),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: labels,
  externalURL: z.string(),
  alerts: z.array(
    z.strictObject({
      status: z.enum(['firing', 'resolved']),
      labels,
      annotations: labels,
      startsAt: time,
      endsAt: time,
      generatorURL: z.string(),
      fingerprint: z.string(),
    }),
  ),
});

/** postableAlerts of https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml */
const alertmanager = z.array(
  z.strictObject({
    labels: labels.refine(({ alertname }) => alertname !== undefined),
    annotations: labels,
    startsAt: time,
    endsAt: time,
    generatorURL: z.url(),
  }),
);

/** https://docs.ntfy.sh/publish/#publish-as-json */
const ntfy = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  title: z.string(),
  message: z.string().refine((text) => Buffer.byteLength(text) <= 4096),
  priority: z.number().int().min(1).max(5),
  tags: z.array(z.string()),
});

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const slack = z.strictObject({
  text: z.string().min(1).max(4000),
  mrkdwn: z.boolean(),
  unfurl_links: z.boolean(),
});

/** https://docs.discord.com/developers/resources/webhook#execute-webhook */
const discord = z.strictObject({
  username: z.string().min(1).max(80),
  content: z.string().min(1).max(2000),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  flags: z.number().int(),
});

const SCHEMAS = { webhook, alertmanager, ntfy, slack, discord };

describe.each(ALERT_TARGETS)('the body for %s', (type) => {
  it('has the published schema', () => {
    SCHEMAS[type].parse(bodyOf(type));
    expect(outgoingRequestSchema.parse(render(targetOf(type), MESSAGE)).headers).toMatchObject({
      'Content-Type': 'application/json',
    });
  });

  it('has it also with as many and as long events as there can be, and with hostile text', () => {
    const long = {
      ...FIRED,
      condition: `packets matching "${'\u0001'.repeat(2000)}" > 1/s`,
      value: HOSTILE.repeat(100),
    };
    const events = Array.from({ length: 20 }, (_, i) => ({ ...long, name: `alert-${i}` }));
    const message = { ...MESSAGE, events };
    SCHEMAS[type].parse(bodyOf(type, message));
    expect(outgoingRequestSchema.safeParse(render(targetOf(type), message)).success).toBe(true);
  });

  it('tells what fired, where, why, and what is not told', () => {
    const body = render(targetOf(type), MESSAGE).body.replaceAll('\\\\', '');
    for (const part of ['denied', '1000/s', '1,234/s', 'node-1']) expect(body).toContain(part);
    expect(body).toMatch(type === 'webhook' ? /"truncatedAlerts":1234/ : /and 1,234 more events/);
  });

  it('marks a test', () => {
    const body = render(targetOf(type), { ...MESSAGE, events: [{ ...FIRED, is_test: true }], more: 0 }).body;
    expect(body).toMatch(/Test of alert denied/);
  });

  it('has no control characters and no marks of direction', () => {
    const body = JSON.stringify(bodyOf(type, { ...MESSAGE, events: [{ ...FIRED, value: HOSTILE }] }));
    expect(body).not.toMatch(/\\u0007|\u202e|\\ud800/);
  });
});

it('resolves only what is resolved', () => {
  const { status, alerts } = webhook.parse(bodyOf('webhook'));
  expect(status).toBe('firing');
  expect(alerts.map((alert) => [alert.status, alert.endsAt])).toEqual([
    ['firing', '0001-01-01T00:00:00Z'],
    ['resolved', '2026-01-31T10:20:30.000Z'],
  ]);
  expect(webhook.parse(bodyOf('webhook', { ...MESSAGE, events: [RESOLVED] })).status).toBe('resolved');
});

it('ends in Alertmanager when it is resolved, or not repeated', () => {
  const [firing, resolved] = alertmanager.parse(bodyOf('alertmanager'));
  expect(Date.parse(firing?.endsAt ?? '')).toBe(NOW + 5000 + 3 * FIRED.repeat_ms);
  expect(Date.parse(resolved?.endsAt ?? '')).toBe(NOW);
  expect(render(targetOf('alertmanager'), MESSAGE).url).toBe('https://am.example/prefix/api/v2/alerts');
});

it('publishes to the topic of ntfy through the address of the server', () => {
  const { url, body } = render(targetOf('ntfy'), MESSAGE);
  expect(url).toBe('https://ntfy.example/');
  expect(JSON.parse(body)).toMatchObject({ topic: 'topic', priority: 4 });
  expect(bodyOf('ntfy', { ...MESSAGE, events: [RESOLVED] })).toMatchObject({ priority: 3 });
});

it('causes no mention in Slack and Discord, and no format', () => {
  const message = { ...MESSAGE, events: [{ ...FIRED, value: HOSTILE }] };
  const { text } = slack.parse(bodyOf('slack', message));
  expect(text).not.toMatch(/[<>]|@everyone|#general|&(?!amp;|lt;|gt;)/);
  expect(text).toContain('&lt;!channel&gt;');
  const { content, allowed_mentions } = discord.parse(bodyOf('discord', message));
  expect(allowed_mentions).toEqual({ parse: [] });
  expect(content).not.toMatch(/@everyone|(?<!\\)[*_`<[\]#]/);
});

it('sends a secret as a header', () => {
  const { headers } = render({ ...targetOf('webhook'), authorization: 'Bearer abc' }, MESSAGE);
  expect(headers['Authorization']).toBe('Bearer abc');
});
