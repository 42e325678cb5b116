// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** The Defence page with something in each section, and its pictures in the documentation. Needs root and chromium. */
import { expect, test } from 'vitest';
import { ethernet, ipv4, tcp } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { eachWithDashboard } from './dashboard.ts';
import { shoot, testId } from './gallery.ts';
import { done } from './rules-command.ts';

const SSH = 22;
/** Connections that the limit permits at once. */
const MOST = 5;
const [UNDONE, BANNED] = ['203.0.113.99', '198.51.100.23'];
const SCANNER = '203.0.113.66';
const PORTS = 300;
const UNANSWERED_MS = 500;

const suite = eachWithDashboard({ ipv6: false });

test.skipIf(!requireRoot())(
  'the Defence page with limits, bans in force and ended, and a finding follows axe and fits its window',
  async () => {
    const { link, client, server } = suite.network;
    for (const address of [UNDONE, BANNED]) {
      await client.ip(`address add ${address}/32 dev ${link.client.device}`);
      await server.ip(
        `route add ${address} dev ${link.server.device}`,
        `neighbour add ${address} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`,
      );
    }
    const agent = await client.agent();
    const target = { address: link.server.ipv4, port: SSH };
    await startTcpEcho(server, link.server.ipv4, SSH);
    // Older than the limit, so its source is not banned.
    await agent.ask('holdTcp', target);
    const { packetlog, origin, place, change } = await suite.start();
    const limit = { action: 'limit', source: 'any' } as const;
    const bans = { measure: 'connections', then: 'ban:1h..24h', reason: 'ssh', enforce: true } as const;
    await done(place, 'add', {
      rule: { ...limit, protocol: 'tcp', destination_port: SSH, rate: `${MOST}/min`, ...bans },
      now: true,
    });
    await done(place, 'confirm', {});
    await done(place, 'add', {
      rule: { ...limit, protocol: 'udp', destination_port: 53, rate: '20/min', reason: 'DNS' },
    });
    const { page, problems } = await suite.open(`${origin}/defence${change}`);
    const offend = async (localAddress: string) => {
      for (let i = 0; i <= MOST; i++) await agent.ask('tryTcp', { ...target, timeoutMs: UNANSWERED_MS, localAddress });
    };
    const ban = page.getByTestId('ban');
    await offend(UNDONE);
    await ban.getByText(UNDONE).waitFor();
    const undo = suite.own(startPacketlog(server, { args: ['bans', 'undo', UNDONE], env: place.env }));
    expect(await undo.exited).toMatchObject({ code: 0 });
    await page.getByTestId('ended-ban').getByText('undone after').waitFor();
    await offend(link.client.ipv4);
    await page.getByTestId('decision').getByText('not banned, because it has another connection').waitFor();
    await offend(BANNED);
    await ban.getByText(BANNED).waitFor();
    await sendUdp(client, { address: link.server.ipv4, count: 60, ports: [53] });
    const scan = Array.from({ length: PORTS }, (_, i) =>
      ethernet(ipv4({ src: SCANNER, dst: link.server.ipv4 }, tcp({ src: 40_000, dst: i + 1000 }))),
    );
    expect((await sendFrames(link.client, scan)).sent).toBe(PORTS);
    await page.getByTestId('finding-history').getByText(`${SCANNER} scanned ${PORTS} ports`).waitFor();
    await shoot(page, 'defence', testId('ban'), { sizes: 'all' });
    expect(problems).toEqual([]);
    await packetlog.end();
  },
  process.env['UPDATE_SCREENSHOTS'] === '1' ? 1_500_000 : 400_000,
);
