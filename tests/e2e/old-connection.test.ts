/** A connection that becomes older than 60 s while the loader runs: it protects its source from then on. Needs root. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithBanLab, LIMIT } from './ban-lab.ts';

/** A connection that is older protects its source; it may have been seen 5 s late. */
const OLD_MS = 60_000;
const UNANSWERED_MS = 500;
const OTHER = '192.0.2.11';

describe.skipIf(!requireRoot())('a connection', { timeout: 240_000 }, () => {
  const lab = eachWithBanLab();

  test('protects its source once it is older than 60 s, and not before', async () => {
    const { client, server, link } = lab.network;
    await client.ip(`address add ${OTHER}/24 dev ${link.client.device}`);
    await server.ip(`neighbour add ${OTHER} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    const [limited, other] = [
      await startTcpEcho(server, link.server.ipv4),
      await startTcpEcho(server, link.server.ipv4),
    ];
    const agent = await client.agent();
    const address = link.server.ipv4;
    const hold = async (localAddress: string) => {
      const localPort: number = await agent.ask('holdTcp', { address, port: other.port, localAddress });
      const works = () => agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS });
      expect(await works()).toBe(true);
      return works;
    };
    const offend = async (localAddress: string) => {
      for (let i = 0; i <= LIMIT; i++)
        await agent.ask('tryTcp', { address, port: limited.port, timeoutMs: UNANSWERED_MS, localAddress });
    };
    await lab.limited(limited.port);
    const works = await hold(link.client.ipv4);
    const openedMs = performance.now();

    const youngWorks = await hold(OTHER);
    await offend(OTHER);
    expect((await lab.decisions(OTHER))[0]).toMatchObject({ kind: 'ban' });
    expect(await youngWorks()).toBe(false);

    await until(() => performance.now() - openedMs > OLD_MS, { what: 'the connection to be 60 s old' });
    await offend(link.client.ipv4);
    const [decision] = await lab.decisions(link.client.ipv4);
    expect(decision).toMatchObject({ kind: 'not_banned', source: link.client.ipv4 });
    expect(decision?.guards.filter(({ passed }) => !passed)).toEqual([
      {
        guard: 'other_connections',
        passed: false,
        note: expect.stringMatching(
          new RegExp(`^it has another connection, to tcp port ${other.port}, .*[1-9].* old$`),
        ),
      },
    ]);
    expect(await works()).toBe(true);
    expect((await lab.active()).map(({ source }) => source)).toEqual([OTHER]);
  });
});
