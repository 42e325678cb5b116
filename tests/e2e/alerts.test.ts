/** Alerts of denied packets, with real packets and a local receiver; and which alerts are rejected. Needs root. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { eachWithAlerts, ORIGIN, PATIENCE } from './alerts-lab.ts';
import { rulesDone } from './rules-command.ts';

describe.skipIf(!requireRoot())('packetlog alerts', () => {
  const lab = eachWithAlerts();

  test('tell of denied packets within seconds, once, and when they have ended', async () => {
    const { server } = lab.network;
    const packetlog = await lab.start();
    await rulesDone(server, lab.place, 'add', 'deny', '192.0.2.1', '--port', '4000', '--protocol', 'udp', '--force');
    const added = await lab.alerts('add', 'denied > 5/s', '--to', `webhook:${ORIGIN}/ok`);
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Alert denied: denied > 5\/s, to webhook:/),
    });
    await lab.alerts('add', 'packets matching "udp dst port 4000" > 5/s', '--to', `webhook:${ORIGIN}/filtered`);
    await lab.sendingUntil(
      () => lab.told('/ok', 'firing').length > 0 && lab.told('/filtered', 'firing').length > 0,
      'the messages',
    );
    expect(lab.webhooks('/ok')[0]).toMatchObject({
      version: '4',
      status: 'firing',
      alerts: [{ labels: { alertname: 'denied', job: 'packetlog' }, annotations: { condition: 'denied > 5/s' } }],
    });
    expect((await lab.listed()).alerts).toMatchObject([
      { name: 'denied', state: 'firing' },
      { name: 'packets', state: 'firing' },
    ]);
    await until(() => lab.told('/ok', 'resolved').length > 0 && lab.told('/filtered', 'resolved').length > 0, {
      what: 'the ends',
      ...PATIENCE,
    });
    expect(lab.told('/ok', 'firing')).toHaveLength(1);
    expect(lab.told('/ok', 'resolved')[0]?.fingerprint).toBe(lab.told('/ok', 'firing')[0]?.fingerprint);
    await lab.expectSums();
    expect(packetlog.stderr).toMatch(/Alert denied: denied > 5\/s; /);
    expect(packetlog.stderr).toMatch(/Alert denied is resolved/);
    const history = await lab.alerts('history');
    expect(history.stdout).toMatch(/fired {5}denied: .*sent {6}denied: HTTP 200: thanks/s);
  });

  test('tell of the share of denied packets, with both numbers, and not of a few on an idle machine', async () => {
    await lab.start();
    await rulesDone(
      lab.network.server,
      lab.place,
      'add',
      'deny',
      'any',
      '--port',
      '4000',
      '--protocol',
      'udp',
      '--force',
    );
    await lab.alerts('add', 'denied > 30%', '--to', `webhook:${ORIGIN}/ok`);
    await lab.alerts('add', 'denied > 2/s', '--name', 'few', '--to', `webhook:${ORIGIN}/few`);
    // All of them are denied, but they are fewer than 100 a second.
    await lab.send(60, 4000, 20);
    await until(() => lab.told('/few', 'firing').length > 0, { what: 'the rate', ...PATIENCE });
    expect(lab.told('/ok', 'firing')).toEqual([]);
    await until(
      async () => {
        await Promise.all([lab.send(400), lab.send(400, 4001)]);
        return lab.told('/ok', 'firing').length > 0;
      },
      { what: 'the share', ...PATIENCE, evidence: lab.evidence },
    );
    const [, percent, denied, all] =
      /^([\d.]+) %: ([\d,]+) of ([\d,]+) packets$/.exec(lab.told('/ok', 'firing')[0]?.annotations['value'] ?? '') ?? [];
    const [part, whole] = [denied, all].map((text = '') => Number(text.replaceAll(',', '')));
    expect(Number(percent)).toBeCloseTo((100 * (part ?? 0)) / (whole ?? 0), 1);
    expect(whole).toBeGreaterThanOrEqual(100);
    await until(() => lab.told('/ok', 'resolved').length > 0, { what: 'the end', ...PATIENCE });
    await lab.expectSums();
  });

  test('are rejected with what to write, and exit codes', async () => {
    await lab.start();
    const to = `webhook:${ORIGIN}/ok`;
    expect(await lab.alerts('add', 'deny > 5', '--to', to)).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/does not begin with a measure: write one of packets/) },
    });
    expect(await lab.alerts('add', 'lost > 5', '--to', 'slack:https://hooks.example/x')).toMatchObject({ code: 2 });
    expect(await lab.alerts('add', 'lost > 5', '--to', 'pigeon:x')).toMatchObject({ code: 2 });
    expect(await lab.alerts('add', 'recorder stopped', '--to', to)).toMatchObject({ code: 2 });
    expect(await lab.alerts('test', 'nothing')).toMatchObject({ code: 5 });
    expect(await lab.alerts('list')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^No alerts\. To add one/),
    });
  });
});
