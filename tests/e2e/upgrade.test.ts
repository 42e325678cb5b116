/** The program behind a link is replaced under load: every packet meets the old or the new one. Needs root. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialogueWith } from '../lab/dialogue.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithPins } from './pinned.ts';

const SCRIPT = fileURLToPath(new URL('./upgrade.mjs', import.meta.url));
const UPGRADES = 100;
const RATE = 50_000;

describe.skipIf(!requireRoot())('an upgrade', () => {
  const suite = eachWithPins({ ipv6: false });
  let generator: Generator;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());

  test('in place misses no packet, a hundred times under load', async () => {
    const { server, link } = suite.network;
    const args = [SCRIPT, link.server.device, suite.place.path, String(UPGRADES)];
    const script = dialogueWith(
      server.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
      'upgrade',
    );
    await script.ask();
    let upgraded = false;
    const upgrading = script.ask<{ upgrades: number; programs: number }>('go').finally(() => {
      upgraded = true;
    });
    let sent = 0;
    while (!upgraded) sent += (await generator.sendPaced(link.client, RATE, RATE)).sent;
    expect(await upgrading).toEqual({ upgrades: UPGRADES, programs: UPGRADES });
    await until(async () => (await link.server.counters()).rx.packets === sent, { what: 'all packets' });

    // The last upgrade is a complete loader: it has the counts of all earlier programs.
    const packetlog = await suite.started('--print', 'json', '--ring-size', '1MiB', '--sample', 'off');
    await packetlog.end();
    const { ledger } = readJsonOutput(packetlog.stdout);
    expect(ledger.interfaces['server0']?.seen).toBe(sent);
    expect(discrepancies(ledger)).toEqual([]);
    expect(packetlog.stderr).toContain('Took over');
  });
});
