/** Users behind one address, one of whom is over a limit that bans. Needs root, ab and nftables. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNamespace, type Namespace } from '../lab/namespace.ts';
import { type LabProcess, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { eachWithBanLab, LIMIT } from './ban-lab.ts';
import { HTTP_PORT, pageUrl, startHttpServer } from './ordinary-traffic.ts';

const USERS = 50;
/** About 1,000 requests per second, so that they last for a minute, and ab reports each tenth of them. */
const [ANSWER_MS, REQUESTS] = [50, 60_000];
const INSIDE = { router: '10.0.0.1', users: '10.0.0.2', offender: '10.0.0.3' };
/** A host beside the router, with an address of its own. */
const OTHER = '192.0.2.11';

describe.skipIf(!requireRoot())('users behind one address', () => {
  const lab = eachWithBanLab();
  /** Behind the client, which translates their addresses to its own. */
  let users: Namespace;
  beforeEach(async () => {
    const { client, server, link } = lab.network;
    users = await createNamespace();
    await client.ip(
      `address add ${OTHER}/24 dev ${link.client.device}`,
      `link add inside type veth peer name outside netns ${users.name}`,
      `address add ${INSIDE.router}/24 dev inside`,
      'link set dev inside up',
    );
    await server.ip(`neighbour add ${OTHER} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    await users.ip(
      `address add ${INSIDE.users}/24 dev outside`,
      `address add ${INSIDE.offender}/24 dev outside`,
      'link set dev outside up',
      `route add default via ${INSIDE.router}`,
    );
    await client.setSysctls({ 'net/ipv4/ip_forward': 1 });
    await client.exec('nft', 'add table ip lab');
    await client.exec('nft', 'add chain ip lab post { type nat hook postrouting priority srcnat; }');
    await client.exec('nft', `add rule ip lab post ip saddr 10.0.0.0/24 snat to ${link.client.ipv4}`);
  });
  afterEach(() => users.dispose());

  /** Opens a connection for each request, one after the other, and waits a second for an answer. */
  const offend = (from: Namespace, address: string): LabProcess =>
    lab.own(
      startProcess(from, 'ab', [
        ...['-n', `${2 * LIMIT}`, '-c', '1', '-s', '1', '-B', address],
        pageUrl(lab.network.link.server.ipv4),
      ]),
    );

  test('keep it from being banned, and all their connections, while the limit applies to new ones', async () => {
    const { client, server, link } = lab.network;
    lab.own(await startHttpServer(server, link.server.ipv4, ANSWER_MS));
    const args = ['-k', '-n', `${REQUESTS}`, '-c', `${USERS}`, '-B', INSIDE.users, pageUrl(link.server.ipv4)];
    const ab = lab.own(startProcess(users, 'ab', args));
    const open = async () => {
      const lines = await server.exec('ss', '-Htn', 'state', 'established', `( sport = :${HTTP_PORT} )`);
      return lines.split('\n').filter(Boolean).map(peerOf).sort();
    };
    const before = await until(
      async () => {
        const peers = await open();
        return peers.length === USERS && peers;
      },
      { what: `${USERS} connections`, evidence: () => ab.stderr },
    );
    expect(before.every((peer) => peer.startsWith(`${link.client.ipv4}:`))).toBe(true);
    await lab.limited(HTTP_PORT);

    const offender = offend(users, INSIDE.offender);
    const [decision] = await lab.decisions(link.client.ipv4, () => offender.stderr);
    expect(decision).toMatchObject({ kind: 'not_banned', source: link.client.ipv4, strike: 1, duration_ms: 3_600_000 });
    expect(decision?.connections).toBeGreaterThan(LIMIT);
    expect(decision?.guards.filter(({ passed }) => !passed)).toEqual([
      {
        guard: 'other_connections',
        passed: false,
        note: `it has another connection, to tcp port ${HTTP_PORT}, older than the watch for connections`,
      },
    ]);
    // The limit still applies: the offender's last connection has no answer.
    await offender.exited;
    expect(offender.stderr).toContain('timeout specified has expired');
    // A source that does the same, without other connections, is banned.
    const alone = offend(client, OTHER);
    expect(await lab.banOf(OTHER, () => alone.stderr)).toMatchObject({ strike: 1 });
    await alone.exited;

    const reports = ab.stderr.match(/Completed/g)?.length ?? 0;
    await ab.until(({ stderr }) => (stderr.match(/Completed/g)?.length ?? 0) > reports, 'more answers');
    const after = await open();
    expect(before.filter((peer) => !after.includes(peer))).toEqual([]);
    expect((await lab.active()).map(({ source }) => source)).toEqual([OTHER]);
    await ab.end('SIGINT');
    const count = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(ab.stdout)?.[1]);
    expect([count('Failed requests'), count('Complete requests')]).toEqual([0, count('Keep-Alive requests')]);
  });
});

/** The remote end in a line of ss. */
function peerOf(line: string): string {
  return line.trim().split(/\s+/).at(-1) ?? '';
}
