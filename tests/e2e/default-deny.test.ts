/** The default policy deny without and with the permit rules that it needs, with real sockets. Needs root. */
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PermitProposals } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp, startTcpEcho, type TcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { denied } from './default-deny.ts';
import { ask, listed, makeRulesPlace, type RulesPlace, rules, rulesDone, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const LOCKOUT = 8;
const USAGE = 2;
/** The name server has an address of its own on the client's cable. */
const RESOLVER = '192.0.2.53';
const DNS = 53;
const [SERVICE, REMOTE, CLOSED] = [8080, 4443, 8081];
/** How long to wait for what must not arrive; each wait has a second witness. */
const ABSENT_MS = 400;
const PRESENT_MS = 20_000;
/** On a busy machine, a change must not revert before it is checked. */
const PATIENT = ['--confirm-within', '5m'];

describe.skipIf(!requireRoot())('the default policy deny', () => {
  const suite = eachWithNetwork({ neighbours: 'resolve' });
  let place: RulesPlace;
  let packetlog: LabProcess;
  let remote: TcpEcho;
  let resolvers = '';
  let localPort = 0;

  beforeEach(async () => {
    const { server, client, link } = suite.network;
    // `ip netns exec` mounts it over /etc/resolv.conf.
    resolvers = `/etc/netns/${server.name}`;
    mkdirSync(resolvers, { recursive: true });
    writeFileSync(`${resolvers}/resolv.conf`, `nameserver ${RESOLVER}\n`);
    await client.ip(`address add ${RESOLVER}/24 dev ${link.client.device}`);
    await (await client.agent()).ask('echoUdp', { address: RESOLVER, port: DNS });
    remote = await startTcpEcho(client, link.client.ipv4, REMOTE);
    await startTcpEcho(server, '::', SERVICE);
    localPort = await (await server.agent()).ask('holdTcp', { address: link.client.ipv4, port: REMOTE });
    place = makeRulesPlace();
    packetlog = suite.own(await startEnforcing(server, place, '--print', 'json', ...PATIENT));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  });
  afterEach(() => {
    place.remove();
    rmSync(resolvers, { recursive: true, force: true });
    // Other namespaces may have files there.
    if (readdirSync(dirname(resolvers)).length === 0) rmdirSync(dirname(resolvers));
  });

  const run = (...args: string[]) => rules(suite.network.server, place, ...args);
  const answered = async (isExpected: boolean) =>
    (await suite.network.server.agent()).ask<boolean>('askUdp', {
      ...{ address: RESOLVER, port: DNS, timeoutMs: isExpected ? PRESENT_MS : ABSENT_MS },
    });
  const echoed = async (isExpected: boolean) =>
    (await suite.network.server.agent()).ask<boolean>('tryHeld', {
      ...{ localPort, timeoutMs: isExpected ? PRESENT_MS : ABSENT_MS },
    });
  const reaches = async (address: string | undefined, port: number, isExpected: boolean) =>
    (await suite.network.client.agent()).ask<boolean>('tryTcp', {
      ...{ address, port, timeoutMs: isExpected ? PRESENT_MS : ABSENT_MS },
    });
  /** Makes both sides resolve each other's IPv6 address again. */
  const forgetNeighbours = async () => {
    const { link } = suite.network;
    for (const { namespace, device } of [link.client, link.server])
      await namespace.exec('ip', '-6', 'neigh', 'flush', 'dev', device);
  };

  /** Each kind of traffic works, or none does. */
  async function expectAll(works: boolean): Promise<void> {
    const { ipv4, ipv6 } = suite.network.link.server;
    await forgetNeighbours();
    expect({
      dns: await answered(works),
      connection: await echoed(works),
      service: await reaches(ipv4, SERVICE, works),
      service6: await reaches(ipv6, SERVICE, works),
    }).toEqual({ dns: works, connection: works, service: works, service6: works });
  }

  test('is rejected or stops replies without permit rules, names them before, and reverts to what was', async () => {
    const { link } = suite.network;
    await expectAll(true);
    const checked = await run('policy', 'deny', '--check');
    expect(checked.code, checked.stderr).toBe(0);
    expect(checked.stdout.split('\n')).toEqual([
      expect.stringMatching(/^Warning: PacketLog sees incoming packets only/),
      expect.stringMatching(/^Warning: Permit wins over deny/),
      '',
      'Permit rules for what listens, resolves, routes and gives time here now:',
      `  packetlog rules add permit any --protocol tcp --port ${SERVICE} --reason 'node listens on TCP ${SERVICE}'`,
      `  packetlog rules add permit ${RESOLVER} --port 32768-60999 --reason 'Answers of the name server ${RESOLVER}'`,
      expect.stringMatching(/^ {2}packetlog rules add permit any --protocol icmp --reason/),
      expect.stringMatching(
        /^ {2}packetlog rules add permit any --protocol icmpv6 --reason 'ICMPv6: neighbour discovery/,
      ),
      '',
      'Wide rule, for replies to connections that this machine opens. It also permits new connections to these ports:',
      expect.stringMatching(/^ {2}packetlog rules add permit any --port 32768-60999 --reason/),
      '  No service listens on them now.',
      '  Without it, replies to 1 open connection stop:',
      `    replies from ${link.client.ipv4}:${REMOTE} to node (TCP)`,
      '',
      'To add the rules and set the policy in one change: packetlog rules policy deny --with-permits; --with-replies adds the wide one.',
      '',
      '',
    ]);
    expect((await listed(place)).revision).toBe(1);

    const plain = await run('policy', 'deny');
    expect(plain).toMatchObject({ code: LOCKOUT, stdout: checked.stdout });
    expect(plain.stderr).toContain(RESOLVER);
    const forced = await run('policy', 'deny', '--force', '--json');
    expect(JSON.parse(forced.stdout)).toMatchObject({
      default_policy: 'deny',
      pending: { why: expect.stringMatching(/default policy/) },
      proposals: { rules: expect.arrayContaining([expect.objectContaining({ is_wide: true })]) },
    });
    const before = await remote.received();
    await expectAll(false);
    // The requests arrived: what is missing are the replies, which were denied.
    await until(async () => (await remote.received()).bytes === before.bytes + 1, { what: 'the request to arrive' });
    for (const one of [
      { ip_protocol: 17, src_addr: RESOLVER, src_port: DNS },
      { ip_protocol: 6, src_addr: link.client.ipv4, dst_port: localPort },
      { ip_protocol: 6, src_addr: link.client.ipv4, dst_port: SERVICE },
      { ip_protocol: 58, src_addr: link.client.ipv6 },
    ]) {
      await until(async () => denied(packetlog, one) > 0, { what: `a denied packet as ${JSON.stringify(one)}` });
    }
    expect(await rulesDone(suite.network.server, place, 'revert')).toBe('Reverted.\n');
    await expectAll(true);
  });

  test('keeps the machine working with the rules, and reverts with them as a whole', async () => {
    const { client, server, link } = suite.network;
    const withPermits = await run('policy', 'deny', '--with-permits');
    expect(withPermits.stderr).toBe('');
    expect(withPermits.stdout).toMatch(/^The default policy is deny\. Added 4 permit rules\.\nReverts in /m);
    expect(await listed(place)).toMatchObject({ default_policy: 'deny', rules: { length: 4 }, pending: {} });
    await forgetNeighbours();
    expect(await answered(true)).toBe(true);
    expect(await reaches(link.server.ipv4, SERVICE, true)).toBe(true);
    expect(await reaches(link.server.ipv6, SERVICE, true)).toBe(true);
    // Replies to connections need the wide rule.
    expect(await echoed(false)).toBe(false);
    await until(async () => denied(packetlog, { dst_port: localPort }) > 0, { what: 'a denied reply' });
    // Neighbour discovery gets no exception: without its rule, IPv6 stops.
    expect(denied(packetlog, { ip_protocol: 58 })).toBe(0);
    await rulesDone(server, place, 'remove', '--source', 'any', '--protocol', 'icmpv6');
    await forgetNeighbours();
    expect(await reaches(link.server.ipv6, SERVICE, false)).toBe(false);
    await until(async () => denied(packetlog, { ip_protocol: 58 }) > 0, { what: 'a denied neighbour solicitation' });
    await rulesDone(server, place, 'revert');
    expect(await listed(place)).toMatchObject({ default_policy: 'permit', rules: [] });
    await expectAll(true);

    const all = await run('policy', 'deny', '--with-permits', '--with-replies');
    expect(all).toMatchObject({ code: 0, stdout: expect.stringMatching(/Added 5 permit rules/) });
    await rulesDone(server, place, 'confirm');
    await expectAll(true);
    expect(await reaches(link.server.ipv4, CLOSED, false)).toBe(false);
    await sendUdp(client, { address: link.server.ipv4, count: 1, ports: [CLOSED] });
    for (const ip_protocol of [6, 17]) {
      const closed = { ip_protocol, dst_port: CLOSED, reason: 'default_policy' };
      await until(async () => denied(packetlog, closed) > 0, {
        what: `a packet of protocol ${ip_protocol} to be denied`,
      });
    }

    // Nothing is left to propose, and undo is one step.
    const again = await run('policy', 'deny', '--check', '--json');
    const { proposals } = JSON.parse(again.stdout) as { proposals: PermitProposals };
    expect(proposals).toMatchObject({ rules: [], wide_listeners: [], stopping: { total: 0, examples: [] } });
    expect(await rulesDone(server, place, 'undo')).toBe('Undone: default policy deny with 5 permit rules.\n');
    expect(await listed(place)).toMatchObject({ default_policy: 'permit', rules: [] });
  });

  test('options of the policy deny are wrong usage with permit, and a permit that denies is invalid', async () => {
    for (const option of ['--check', '--with-permits', '--with-replies']) {
      expect((await run('policy', 'permit', option)).code).toBe(USAGE);
    }
    const permits = [{ action: 'deny', source: 'any' } as const];
    expect(await ask(place, 'policy', { default_policy: 'deny', permits })).toMatchObject({
      error: { code: 'invalid', field: 'permits.0.action' },
    });
  });

  test('without a loader, the rules are proposed, and the change is rejected because nothing could revert it', async () => {
    await packetlog.end();
    const checked = await run('policy', 'deny', '--check');
    expect(checked.stdout).toContain(`permit any --protocol tcp --port ${SERVICE} --reason 'node listens on TCP`);
    const denying = await run('policy', 'deny', '--with-permits');
    expect(denying.code).toBe(USAGE);
    expect(denying.stderr).toMatch(/policy/);
  });
});
