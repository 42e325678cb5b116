/** The maximum number of clients, some of which do not read: the others are not affected. Needs root. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LAB_TOKEN, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type Account, startCrowd } from './crowd.ts';
import { eachWithNetwork } from './suite.ts';

const peakMiB = (pid: number) =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

const [EVERYTHING, FILTERED, STALLED] = [500, 400, 100];
const COUNT = 8400;
const MORE = 20;

describe.skipIf(!requireRoot())('a thousand clients', () => {
  const suite = eachWithNetwork();

  test('of which a hundred do not read: nine hundred see no gap, and the rows that the hundred lost are counted and reported', async () => {
    const { client, server, link } = suite.network;
    // Small socket buffers: rows for a client that does not read soon wait in the loader.
    const small = '4096 16384 65536';
    await server.setSysctls({ 'net/ipv4/tcp_wmem': small, 'net/ipv4/tcp_rmem': small });
    const args = ['--listen', '127.0.0.1:0', '--ui', 'off', '--iface', link.server.device, '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args }));
    const [text] = await packetlog.untilPrinted(/http:\/\/\S+/);
    const { origin } = new URL(text);
    const token = LAB_TOKEN;
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);

    const [one, other] = [await startCrowd(server), await startCrowd(server)];
    const everything = { max_rows_per_second: 1_000_000 };
    const filter = `udp and dst host ${link.server.ipv4} and dst port 53`;
    await Promise.all([
      one.ask('connect', { origin, token, count: EVERYTHING, subscription: everything }),
      other
        .ask('connect', { origin, token, count: FILTERED, subscription: { ...everything, filter } })
        .then(() => other.ask('connect', { origin, token, count: STALLED, subscription: everything })),
    ]);
    expect(await one.ask('rejection', { origin, token })).toBe('too_many_clients');

    await other.ask('stall', STALLED);
    // Longer than rows may wait, shorter than the time after which a slow client is disconnected.
    const { sent } = await sendUdp(client, {
      address: link.server.ipv4,
      count: COUNT,
      ports: [53, 80],
      perSecond: 600,
    });
    expect(sent).toBe(COUNT);

    const everyone = async () => [await one.accounts(), await other.accounts()].flat();
    const isSettled = ({ offered, filtered }: Account, count: number) => offered + filtered === count;
    const [healthy, slow] = await until(
      async () => {
        const all = await everyone();
        const reading = all.slice(0, -STALLED);
        return reading.every((account) => isSettled(account, COUNT)) && ([reading, all.slice(-STALLED)] as const);
      },
      { what: 'all rows to reach the clients that read' },
    );
    expect(healthy).toHaveLength(EVERYTHING + FILTERED);
    for (const [i, account] of healthy.entries()) {
      const rows = i < EVERYTHING ? COUNT : COUNT / 2;
      expect(account).toMatchObject({ gaps: 0, wrong: 0, dropped: 0, withheld: 0, received: rows, connected: true });
      expect(account).toMatchObject({ offered: rows, filtered: COUNT - rows, queueDropped: 0 });
    }
    for (const { received } of slow) expect(received).toBeLessThan(COUNT / 2);

    await other.ask('read', STALLED);
    const told = ({ ledger, connected }: Account) => connected && ledger !== null && ledger.dropped > 0;
    await until(async () => (await other.accounts()).slice(-STALLED).every(told), {
      what: 'the ledgers of the clients that resumed reading',
    });
    await sendUdp(client, { address: link.server.ipv4, count: MORE });
    const late = await until(
      async () => {
        const accounts = (await other.accounts()).slice(-STALLED);
        return accounts.every((account) => isSettled(account, COUNT + MORE)) && accounts;
      },
      { what: 'a header with the loss' },
    );
    for (const account of late) {
      expect(account).toMatchObject({ wrong: 0, withheld: 0, filtered: 0, gaps: 1 });
      expect(account.dropped).toBeGreaterThan(0);
      expect(account.received + account.dropped).toBe(COUNT + MORE);
      expect(account.ledger?.dropped).toBe(account.dropped);
    }
    // A hundred clients that do not read may take 200 MiB; they share their rows, so they take far less.
    expect(peakMiB(packetlog.pid)).toBeLessThan(400);
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
  });
});
