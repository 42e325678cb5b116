import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Notice } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { ledger } from '../../test/support/server-fixture.ts';
import type { AlertRequest, AlertResults, AlertTarget, AlertVerb } from '../ipc/alerts/alerts-access.ts';
import type { DeliveryResult, OutgoingRequest } from '../ipc/alerts/outgoing-request.ts';
import { Alerts, type AlertsOptions } from './alerts.ts';

const WEBHOOK: AlertTarget = { type: 'webhook', url: 'https://example.org/hook', is_secret: false };
const SLACK: AlertTarget = { type: 'slack', url: 'https://hooks.example/T1/hunter2', is_secret: true };

const NONE = { count: 0, newest: undefined };
let directory = '';
let notices: Notice[] = [];
let requests: OutgoingRequest[] = [];
let answer: () => Promise<DeliveryResult>;
let alarms: string[] = [];
const wanted = { rows: false, reports: false, newSources: false };
let open: Alerts[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  directory = mkdtempSync(join(tmpdir(), 'packetlog-alerts-'));
  notices = [];
  requests = [];
  alarms = [];
  answer = async () => ({ status: 200, text: 'ok' });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const each of open) await each.close();
  open = [];
  rmSync(directory, { recursive: true });
});

const paths = () => ({ alerts: join(directory, 'alerts.json'), alertsState: join(directory, 'alerts.state.json') });

function started(more: Partial<AlertsOptions> = {}): Alerts {
  const alerts = new Alerts({
    paths: paths(),
    directories: [directory],
    isRecording: false,
    node: 'node-1',
    dashboard: () => 'http://localhost:7411',
    deliver: (request) => {
      requests.push(request);
      return answer();
    },
    canDeliver: () => true,
    rules: () => ({ rules: 0, default_policy: 'permit', in_force: true, alarms }),
    bans: () => ({ ban: NONE, would_ban: NONE, isLimited: false, active: 0 }),
    wantRows: (isWanted) => {
      wanted.rows = isWanted;
    },
    wantNewSources: (isWanted) => {
      wanted.newSources = isWanted;
    },
    wantReports: (isWanted) => {
      wanted.reports = isWanted;
    },
    notice: (notice) => notices.push(notice),
    failed: (error) => {
      throw error;
    },
    ...more,
  });
  alerts.start();
  open.push(alerts);
  return alerts;
}

async function done<Verb extends AlertVerb>(
  alerts: Alerts,
  verb: Verb,
  request: AlertRequest<Verb>,
): Promise<AlertResults[Verb]> {
  const answered = await alerts.ask(verb, request);
  if (!answered.ok) throw new Error(answered.error.message);
  return answered.value as AlertResults[Verb];
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);
const texts = () => JSON.stringify(notices);

describe('packetlog alerts', () => {
  it('adds, lists and removes alerts, in a file for its owner only', async () => {
    const alerts = started();
    expect(await done(alerts, 'add', { condition: 'denied>5k', target: WEBHOOK })).toMatchObject({
      ...{
        name: 'denied',
        condition: 'denied > 5000/s',
        to: 'webhook:https://example.org/hook',
        repeat_ms: 14_400_000,
      },
    });
    const filtered = {
      condition: 'denied matching "tcp" > 5',
      target: { ...WEBHOOK, authorization: 'Bearer hunter2' },
    };
    expect(await done(alerts, 'add', filtered)).toMatchObject({ name: 'denied-2', has_authorization: true });
    expect(wanted).toEqual({ rows: true, reports: true, newSources: false });
    expect(statSync(paths().alerts).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(await done(alerts, 'list', {}))).not.toMatch(/hunter2/);
    expect(await done(alerts, 'remove', { names: ['denied-2'] })).toEqual({ removed: ['denied-2'] });
    expect(wanted).toEqual({ rows: false, reports: true, newSources: false });
    expect((await done(started(), 'list', {})).alerts.map(({ name }) => name)).toEqual(['denied']);
  });

  it.each<[string, Partial<AlertRequest<'add'>>, string, RegExp]>([
    ['a condition', { condition: 'deny > 5' }, 'invalid', /write one of packets/],
    ['a target', { target: { ...WEBHOOK, url: 'x' } }, 'invalid', /write https/],
    ['a name', { name: 'Ä' }, 'invalid', /lower-case letters/],
    ['a pause between messages', { repeat_ms: 1000 }, 'invalid', /repeat_ms/],
    ['a recorder that does not record', { condition: 'recorder stopped' }, 'invalid', /start it with --record/],
    ['a name that is taken', { name: 'taken' }, 'invalid', /already: choose another --name/],
  ])('rejects %s, and says what to do', async (_, more, code, message) => {
    const alerts = started();
    await done(alerts, 'add', { name: 'taken', condition: 'lost > 1', target: WEBHOOK });
    const answered = await alerts.ask('add', { condition: 'lost > 5', target: WEBHOOK, ...more });
    expect(answered).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) } });
    expect((await done(alerts, 'list', {})).alerts).toHaveLength(1);
  });

  it('rejects a fifth filter, and an alert beyond the hundredth', async () => {
    const alerts = started();
    const add = (filter: string) =>
      alerts.ask('add', { condition: `packets matching "${filter}" > 5`, target: WEBHOOK });
    for (const port of [1, 2, 3, 4]) expect(await add(`dst port ${port}`)).toMatchObject({ ok: true });
    expect(await add('dst port 4 ')).toMatchObject({ ok: true });
    expect(await add('dst port 5')).toMatchObject({
      ok: false,
      error: { code: 'limit', message: /4 different filters/ },
    });
    for (let i = 5; i < 100; i++) await done(alerts, 'add', { name: `a${i}`, condition: 'lost > 5', target: WEBHOOK });
    expect(await alerts.ask('add', { condition: 'lost > 5', target: WEBHOOK })).toMatchObject({
      error: { code: 'limit' },
    });
  });

  it('rejects alerts where no process can send', async () => {
    const answered = await started({ deliver: undefined }).ask('add', { condition: 'lost > 5', target: WEBHOOK });
    expect(answered).toMatchObject({ error: { code: 'unavailable', message: /--listen off/ } });
  });

  it('names an alert that is not there', async () => {
    const alerts = started();
    for (const [verb, request] of [
      ['remove', { names: ['nothing'] }],
      ['test', { name: 'nothing' }],
    ] as const) {
      expect(await alerts.ask(verb, request)).toMatchObject({
        error: { code: 'not_found', message: /packetlog alerts list/ },
      });
    }
  });

  it('sends a marked test at once, and says what the target answered', async () => {
    const alerts = started();
    await done(alerts, 'add', { name: 'chat', condition: 'lost > 5', target: SLACK });
    expect(await done(alerts, 'test', { name: 'chat' })).toEqual({
      ...{ to: 'slack:https://hooks.example/***', was_accepted: true, text: 'HTTP 200: ok' },
    });
    expect(requests[0]?.body).toMatch(/Test of alert chat: nothing has happened/);
    answer = async () => ({ status: 302, text: '\u001b[31m\n moved' });
    expect(await done(alerts, 'test', { name: 'chat' })).toMatchObject({
      ...{ was_accepted: false, text: 'HTTP 302 (redirects are not followed): \\x1b[31m moved' },
    });
    expect(await done(alerts, 'list', {})).toMatchObject({
      report: { counts: { fired: 0, attempts: 2, failed_attempts: 1 } },
    });
  });
});

describe('alerts', () => {
  it('fire, repeat, and are resolved; each is told, counted, in the history and a notice', async () => {
    const alerts = started();
    await done(alerts, 'add', { condition: 'rules alarm', target: WEBHOOK, repeat_ms: 120_000 });
    alarms = ['The rules file is gone.'];
    await seconds(5);
    expect(requests).toHaveLength(1);
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      ...{ status: 'firing', alerts: [{ annotations: { value: 'The rules file is gone.' } }] },
    });
    await seconds(120);
    expect(requests).toHaveLength(2);
    alarms = [];
    await seconds(20);
    expect(JSON.parse(requests[2]?.body ?? '')).toMatchObject({ status: 'resolved' });
    expect(alerts.report()).toMatchObject({
      firing: [],
      waiting: 0,
      counts: { fired: 1, resolved: 1, repeated: 1, sent: 3 },
    });
    const { entries } = await done(alerts, 'history', {});
    expect(entries.map(({ what }) => what)).toEqual(['fired', 'sent', 'repeated', 'sent', 'resolved', 'sent']);
    expect(notices.map(({ code }) => code)).toEqual(['alert_fired', 'alert_resolved']);
    alarms = ['\u001b[31m\u202e'];
    await seconds(2);
    expect(notices.at(-1)?.message).toBe('Alert rules-alarm: rules alarm; \\x1b[31m\\u202e.');
  });

  it('of rates and filters follow the reports', async () => {
    const alerts = started();
    await done(alerts, 'add', { name: 'all', condition: 'packets > 5', target: WEBHOOK });
    const report = (packets: number) =>
      alerts.second(ledger, { ...emptySummary, total: { packets, bytes: 0 } }, undefined);
    report(0);
    report(6);
    await seconds(1);
    expect(alerts.report().firing).toEqual(['all']);
    // No report for long: unknown, not zero.
    await seconds(60);
    expect(alerts.report().firing).toEqual(['all']);
    expect((await done(alerts, 'list', {})).alerts).toMatchObject([{ state: 'firing' }]);
  });

  it('of new sources have them counted while there is one, in the next start, too', async () => {
    const alerts = started();
    await done(alerts, 'add', { condition: 'new sources > 500', target: WEBHOOK });
    expect(wanted).toEqual({ rows: false, reports: true, newSources: true });
    for (const newSources of [undefined, 500, 501]) {
      expect(alerts.report().firing).toEqual([]);
      alerts.second(ledger, emptySummary, newSources);
      await seconds(1);
    }
    expect(alerts.report().firing).toEqual(['new-sources']);
    wanted.newSources = false;
    started();
    expect(wanted.newSources).toBe(true);
    await done(alerts, 'remove', { names: ['new-sources'] });
    expect(wanted.newSources).toBe(false);
  });

  it('that fire or wait outlive the process: nothing is told twice or lost', async () => {
    let isServing = false;
    const first = started({ canDeliver: () => isServing });
    await done(first, 'add', { condition: 'rules alarm', target: WEBHOOK });
    alarms = ['broken'];
    await seconds(5);
    expect(requests).toHaveLength(0);
    expect(first.report()).toMatchObject({ firing: ['rules-alarm'], waiting: 1 });
    expect(statSync(paths().alertsState).mode & 0o777).toBe(0o600);
    // It is not closed: as after SIGKILL.
    isServing = true;
    vi.clearAllTimers();
    const second = started();
    expect(second.report()).toMatchObject({ firing: ['rules-alarm'], waiting: 1 });
    await seconds(5);
    expect(requests).toHaveLength(1);
    expect(second.report()).toMatchObject({ waiting: 0, counts: { fired: 1, sent: 1 } });
    vi.clearAllTimers();
    const third = started();
    await seconds(30);
    expect(requests).toHaveLength(1);
    expect(third.report().firing).toEqual(['rules-alarm']);
  });

  it('whose request was under way at a crash are sent again', async () => {
    answer = () => new Promise(() => {});
    await done(started(), 'add', { condition: 'rules alarm', target: WEBHOOK });
    alarms = ['broken'];
    await seconds(5);
    expect(requests).toHaveLength(1);
    vi.clearAllTimers();
    answer = async () => ({ status: 200, text: '' });
    const second = started();
    await seconds(15);
    expect(requests).toHaveLength(2);
    expect(requests[1]?.body).toBe(requests[0]?.body);
    expect(second.report()).toMatchObject({ waiting: 0, counts: { fired: 1, sent: 1, attempts: 2 } });
    open = [second];
  });

  it('that cannot be delivered for an hour are given up with a notice', async () => {
    const alerts = started();
    await done(alerts, 'add', { condition: 'rules alarm', target: SLACK });
    answer = async () => ({ status: 500, text: 'broken' });
    alarms = ['broken'];
    await seconds(3700);
    expect(requests).toHaveLength(12);
    expect(alerts.report().counts).toMatchObject({ fired: 1, failed: 1, failed_attempts: 12 });
    expect(notices.at(-1)).toMatchObject({
      code: 'alert_not_delivered',
      message: /alert rules-alarm could not be.*HTTP 500/,
    });
    expect(texts()).not.toMatch(/hunter2/);
  });

  it('that are removed discard what waits, and are counted', async () => {
    const alerts = started({ canDeliver: () => false });
    await done(alerts, 'add', { condition: 'rules alarm', target: WEBHOOK });
    alarms = ['broken'];
    await seconds(3);
    await done(alerts, 'remove', { names: ['rules-alarm'] });
    expect(alerts.report()).toMatchObject({ alerts: 0, waiting: 0, counts: { fired: 1, discarded: 1 } });
  });

  it('go on from memory if the disk takes nothing', async () => {
    const alerts = started();
    await done(alerts, 'add', { condition: 'rules alarm', target: WEBHOOK });
    rmSync(directory, { recursive: true });
    alarms = ['broken'];
    await seconds(30);
    expect(requests).toHaveLength(1);
    expect(notices.filter(({ code }) => code === 'alerts_rejected')).toHaveLength(1);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(directory);
  });

  it('in a damaged file are not used, nor overwritten', async () => {
    const damaged = '{"version":1,"alerts":[{"name":"x","secret":"hunter2"}]}';
    for (const text of [damaged, 'hunter2']) {
      writeFileSync(paths().alerts, text);
      const alerts = started();
      expect(alerts.report()).toMatchObject({ alerts: 0, problem: expect.stringMatching(/damaged|cannot be read/) });
      expect(await alerts.ask('add', { condition: 'lost > 5', target: WEBHOOK })).toMatchObject({
        error: { code: 'unavailable' },
      });
      expect(readFileSync(paths().alerts, 'utf8')).toBe(text);
    }
    expect(texts()).not.toMatch(/hunter2/);
  });

  it('with a condition of another version are not used, but kept', async () => {
    const entry = { name: 'future', condition: 'bans > 5/s', target: WEBHOOK, repeat_ms: 120_000 };
    writeFileSync(paths().alerts, JSON.stringify({ version: 1, alerts: [entry] }));
    const alerts = started();
    expect(texts()).toMatch(/Alert future is not used/);
    await done(alerts, 'add', { condition: 'lost > 5', target: WEBHOOK });
    expect(readFileSync(paths().alerts, 'utf8')).toMatch(/future/);
    expect(await done(alerts, 'remove', { names: ['future'] })).toEqual({ removed: ['future'] });
  });
});
