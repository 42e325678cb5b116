/** Messages of alerts while targets, the server process and the core fail. Needs root. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { until } from '../lab/until.ts';
import { eachWithAlerts, ORIGIN, PATIENCE } from './alerts-lab.ts';

describe.skipIf(!requireRoot())('packetlog alerts', () => {
  const lab = eachWithAlerts();

  test('that cannot be delivered are sent again until they can, whatever the target does', async () => {
    await lab.start();
    const faults = ['500', 'hang', 'close', 'redirect'];
    for (const fault of faults) {
      await lab.alerts('add', 'packets > 5/s', '--name', fault, '--to', `webhook:${ORIGIN}/${fault}`);
    }
    await lab.alerts('add', 'packets > 5/s', '--name', 'switch', '--to', `webhook:${ORIGIN}/switch`);
    const attempts = (path: string) => lab.received().filter(({ url }) => url === path).length;
    await lab.sendingUntil(
      () => attempts('/switch') > 1 && faults.every((fault) => attempts(`/${fault}`) > 1),
      'attempts',
    );
    expect(attempts('/ok-elsewhere')).toBe(0);
    const problems = Object.fromEntries((await lab.listed()).alerts.map(({ name, problem }) => [name, problem]));
    expect(problems).toEqual({
      500: 'HTTP 500: broken \\x1b[31minside',
      hang: 'no answer within 10 s',
      close: 'socket hang up',
      redirect: 'HTTP 302 (redirects are not followed)',
      switch: 'HTTP 500: broken \\x1b[31minside',
    });
    await lab.repair();
    const isDelivered = async () => (await lab.listed()).report.counts['sent'] === 1;
    await until(isDelivered, { what: 'the message after the repair', ...PATIENCE });
    expect(lab.webhooks('/switch').at(-1)?.alerts).toMatchObject([
      { labels: { alertname: 'switch' }, status: 'firing' },
    ]);
    const { stdout } = await lab.alerts('list');
    expect(stdout).toMatch(/1 event waits for this target/);
    await lab.expectSums();
  });

  test('survive SIGKILL of the server process and of the core', async () => {
    const packetlog = await lab.start();
    await lab.alerts('add', 'packets > 5/s', '--name', 'waits', '--to', `webhook:${ORIGIN}/switch`);
    await lab.sendingUntil(() => lab.webhooks('/switch').length > 0, 'an attempt');
    process.kill(serverPidOf(packetlog.pid), 'SIGKILL');
    await packetlog.untilPrinted(/server process was ended by SIGKILL/);
    const before = lab.webhooks('/switch').length;
    await until(() => lab.webhooks('/switch').length > before, { what: 'an attempt of the new server', ...PATIENCE });
    process.kill(packetlog.pid, 'SIGKILL');
    await packetlog.exited;
    await lab.repair();
    const delivered = lab.webhooks('/switch').length;
    await lab.start();
    await until(() => lab.webhooks('/switch').length > delivered, {
      what: 'the message after the restart',
      ...PATIENCE,
    });
    expect(lab.webhooks('/switch').at(-1)?.alerts[0]).toMatchObject({
      labels: { alertname: 'waits' },
      status: 'firing',
    });
    const { report } = await lab.listed();
    expect(report.counts).toMatchObject({ fired: 1, sent: 1, failed: 0 });
    await lab.expectSums();
  });
});
