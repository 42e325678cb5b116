/** Alerts of new sources, missing interfaces and free space, with real packets and a local receiver. Needs root. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { eachWithAlerts, ORIGIN, PATIENCE } from './alerts-lab.ts';

describe.skipIf(!requireRoot())('packetlog alerts', () => {
  const lab = eachWithAlerts();

  test('tell of a flood from new sources, not of as many packets from a known one', async () => {
    const { client, link } = lab.network;
    await lab.start();
    await lab.alerts('add', 'new sources > 500/s', '--to', `webhook:${ORIGIN}/ok`);
    expect((await lab.listed()).alerts).toMatchObject([{ name: 'new-sources', state: 'unknown' }]);
    // The first 30 s are unknown.
    const isKnown = async () => {
      await lab.send(2000);
      return (await lab.listed()).alerts[0]?.state !== 'unknown';
    };
    await until(isKnown, { what: 'the rate', ...PATIENCE });
    await lab.send(2000);
    expect(lab.told('/ok', 'firing')).toEqual([]);
    // hping3 exits with 1 if there was no answer.
    const flood = ['-S', '-p', '443', '--rand-source', '-i', 'u500', '-c', '4000', '-q', link.server.ipv4];
    await client.exec('hping3', ...flood).catch(() => undefined);
    await until(() => lab.told('/ok', 'firing').length > 0, { what: 'the message', ...PATIENCE });
    const [, rate = ''] = /^([\d,]+)\/s$/.exec(lab.told('/ok', 'firing')[0]?.annotations['value'] ?? '') ?? [];
    // At most one source for each packet.
    expect(Number(rate.replaceAll(',', ''))).toBeGreaterThan(500);
    expect(Number(rate.replaceAll(',', ''))).toBeLessThanOrEqual(4000);
    await until(() => lab.told('/ok', 'resolved').length > 0, { what: 'the end', ...PATIENCE });
    await lab.expectSums();
  });

  test('tell of an interface that does not exist, and know the free space', async () => {
    await lab.start('--iface', 'not-there0', '--wait-for-interfaces');
    await lab.alerts('add', 'interface missing', '--to', `webhook:${ORIGIN}/ok`);
    await lab.alerts('add', 'disk < 0.001%', '--to', `webhook:${ORIGIN}/ok`);
    await until(() => lab.told('/ok', 'firing').length > 0, { what: 'the message', ...PATIENCE });
    expect(lab.told('/ok', 'firing')[0]).toMatchObject({
      labels: { alertname: 'interface-missing' },
      annotations: { value: 'not-there0 (waiting)' },
    });
    const hasDisk = async () => /% of \/\S+ is free/.test((await lab.alerts('list')).stdout);
    await until(hasDisk, { what: 'the free space', ...PATIENCE });
    expect((await lab.listed()).alerts).toMatchObject([{ state: 'firing' }, { state: 'ok' }]);
  });
});
