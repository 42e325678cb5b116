/** What clients with the read-only token can make the loader do: others lose nothing, and the bounds hold. Needs root. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startCrowd } from '../e2e/crowd.ts';
import { done, makeRulesPlace, type RulesPlace } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import { LAB_TOKEN, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const QUESTIONS = fileURLToPath(new URL('questions.mjs', import.meta.url));
const RULES = 500;
const PACKETS = 40_000;
const PER_SECOND = 5000;

interface Outcome {
  readonly seconds: number;
  readonly connected: number;
  readonly counts: Readonly<Record<string, { readonly answered: number; readonly rejected: number }>>;
}

/** Costs and budgets of packages/loader/src/server/access: units of all read-only clients, at once and per second. */
const UNITS_AT_ONCE = 6000;
const UNITS_PER_SECOND = 1500;
const COST: Readonly<Record<string, number>> = {
  'rules:audit': 100,
  'rules:list': 20,
  'rules:propose_permits': 60,
  'limits:top': 30,
  'history:top': 100,
  history: 10,
};

describe.skipIf(!requireRoot())('expensive questions', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  let children: ChildProcess[] = [];
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    children = [];
    place.remove();
  });

  async function startQuestions(port: number, count: number): Promise<Dialogue> {
    const command = [QUESTIONS, `http://127.0.0.1:${port}`, LAB_TOKEN, String(count)];
    const child = suite.network.server.spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const dialogue = dialogueWith(child, 'questions.mjs');
    await dialogue.ask();
    return dialogue;
  }

  test.each([1, 200])(
    'of %s clients: no record is lost, another client receives every row, the rest is rejected',
    async (count) => {
      const { server, client, link } = suite.network;
      const args = [
        '--listen',
        '127.0.0.1:7411',
        '--ui',
        'off',
        '--iface',
        link.server.device,
        '--print',
        'none',
        '--reverse-dns',
      ];
      const packetlog = suite.own(startPacketlog(server, { args, env: place.env }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      const rules = Array.from({ length: RULES }, (_, i) => ({
        action: 'observe' as const,
        source: `203.0.113.${i >> 1}`,
        protocol: i & 1 ? 'tcp' : 'udp',
      }));
      // Observing: their levels are read while packets arrive.
      const limits = ['rule', 'port', 'source', 'source/24'].map((per) => ({
        ...{ action: 'limit' as const, source: 'any', protocol: 'udp', rate: '1000/s', per },
      }));
      await done(place, 'add_many', { rules: [...rules, ...limits] });
      const crowd = await startCrowd(server);
      const subscription = { max_rows_per_second: 1_000_000 };
      await crowd.ask('connect', { origin: 'http://127.0.0.1:7411', token: LAB_TOKEN, subscription, count: 1 });
      const questions = await startQuestions(7411, count);
      await questions.ask('go');
      await sendUdp(client, { address: link.server.ipv4, count: PACKETS, perSecond: PER_SECOND });
      const { seconds, counts, connected } = await questions.ask<Outcome>('stop');
      let ledger = await crowd.ledger();
      await until(
        async () => {
          ledger = await crowd.ledger();
          const arrived = (ledger?.client.offered ?? 0) + (ledger?.queue.dropped ?? 0) + (ledger?.ring.dropped ?? 0);
          return arrived === PACKETS;
        },
        {
          what: 'a ledger with every row',
          evidence: () => `${JSON.stringify(ledger)}\n${packetlog.stderr}`,
        },
      );
      const [account] = await crowd.accounts();
      expect(account).toMatchObject({ received: PACKETS, dropped: 0, withheld: 0, gaps: 0, wrong: 0, queueDropped: 0 });
      expect(ledger?.ring).toMatchObject({ offered: PACKETS, delivered: PACKETS, dropped: 0 });
      expect(ledger?.queue).toMatchObject({ delivered: PACKETS, dropped: 0 });
      expect(connected).toBe(count);
      const rejected = Object.values(counts).reduce((sum, each) => sum + each.rejected, 0);
      expect(rejected).toBeGreaterThan(0);
      const afforded = UNITS_AT_ONCE + UNITS_PER_SECOND * seconds;
      for (const [name, cost] of Object.entries(COST)) {
        expect((counts[name]?.answered ?? 0) * cost, name).toBeLessThanOrEqual(afforded);
      }
      expect((await packetlog.end()).code).toBe(0);
    },
  );
});
