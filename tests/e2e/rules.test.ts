/** Permit and deny, with a real TCP server and client on both sides. Needs root. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import type { LabProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Timeouts: how long no answer means denied, and how long to wait for a permitted connection. */
const SILENCE_MS = 1500;
const PATIENT_MS = 30_000;

describe.skipIf(!requireRoot())('rules', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  const server = () => suite.network.server;
  const run = (...args: string[]) => rules(server(), place, ...args);
  const typed = (...args: string[]) => rulesDone(server(), place, ...args);
  const add = (rule: Parameters<typeof done<'add'>>[2]['rule']) => done(place, 'add', { rule });
  const verdict = async (id: number) => (await listed(place)).rules.find((rule) => rule.id === id);

  async function enforcing(...args: string[]): Promise<LabProcess> {
    const packetlog = suite.own(await startEnforcing(server(), place, ...args));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Returns whether a connection is established and echoes; a denied one gets no answer. */
  async function connects(address: string, port: number, timeoutMs = SILENCE_MS): Promise<boolean> {
    const agent = await suite.network.client.agent();
    return agent.ask<boolean>('tryTcp', { address, port, timeoutMs });
  }

  test('deny one source: it cannot connect while the rule exists; its neighbour can, and so can it afterwards', async () => {
    const { client, link } = suite.network;
    await client.ip(`address add 192.0.2.77/24 dev ${link.client.device}`);
    await server().ip(`neighbour add 192.0.2.77 lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    const echo = await startTcpEcho(server(), link.server.ipv4);
    await enforcing('--print', 'none');
    expect(await connects(link.server.ipv4, echo.port, PATIENT_MS)).toBe(true);

    await typed('add', 'deny', link.client.ipv4, '--reason', 'test');
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);
    const agent = await client.agent();
    const from = { address: link.server.ipv4, port: echo.port, timeoutMs: PATIENT_MS, localAddress: '192.0.2.77' };
    expect(await agent.ask('tryTcp', from)).toBe(true);
    const rule = await until(async () => ((await verdict(1))?.packets ? verdict(1) : undefined), {
      what: 'the counter of the rule to move',
    });
    expect(rule).toMatchObject({ action: 'deny', packets: expect.any(Number) });

    await typed('remove', '1');
    expect(await connects(link.server.ipv4, echo.port, PATIENT_MS)).toBe(true);
  });

  test('a permitted client is unaffected while all others are denied', async () => {
    const { client, link } = suite.network;
    const echo = await startTcpEcho(server(), link.server.ipv4);
    await enforcing('--print', 'none');
    await add({ action: 'permit', source: link.client.ipv4 });
    expect(await typed('policy', 'deny', '--force')).toMatch(/packetlog rules confirm/);
    await typed('confirm');
    const { echoed } = await exchangeTcp(client, {
      address: link.server.ipv4,
      port: echo.port,
      connections: 20,
      bytes: 100_000,
    });
    expect(echoed).toBe(2_000_000);
    await done(place, 'remove', { ids: [1], force: true });
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);
  });

  test('one command denies an address, and its packets are printed as denied', async () => {
    const { client, link } = suite.network;
    await client.ip(
      `address add 1.1.1.1/32 dev ${link.client.device}`,
      'route add 192.0.2.2/32 dev client0 src 1.1.1.1',
    );
    const packetlog = await enforcing();
    await typed('add', 'deny', '1.1.1.1');
    await sendUdp(client, { address: link.server.ipv4, count: 3, sourcePorts: [443] });
    await packetlog.until(
      ({ stdout }) => (stdout.match(/SRC IP: 1\.1\.1\.1, SRC PORT: 443,.*ACTION: deny/g) ?? []).length === 3,
      'three denied packets',
    );
    await packetlog.end();
  });

  test('every packet of a denied source is dropped, counted by the rule and recorded', async () => {
    const { client, link } = suite.network;
    const packetlog = await enforcing('--print', 'json', '--sample', 'off');
    await add({ action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: '5000-5001' });
    const COUNT = 3000;
    await sendUdp(client, { address: link.server.ipv4, count: COUNT, ports: [5000, 5001, 5002], perSecond: 20_000 });
    const counted = async () => ((await verdict(1))?.packets ?? 0) >= 2000;
    await until(counted, { what: 'the rule to count all it denied' });
    await untilArrived(link.server, COUNT);
    expect(await verdict(1)).toMatchObject({ packets: 2000, bytes: 2000 * (14 + 20 + 8 + 32) });
    await packetlog.end();
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(ledger.interfaces['server0']).toMatchObject({ seen: COUNT, denied: 2000, permitted: 1000 });
    const denied = records.filter(({ action }) => action === 'deny');
    expect(denied).toHaveLength(2000);
    expect(denied.every(({ rule_id, reason, dst_port }) => rule_id === 1 && reason === 'rule' && dst_port < 5002)).toBe(
      true,
    );
    expect(records.filter(({ action }) => action === 'permit')).toHaveLength(1000);
  });

  test('a rule expires on time; an observe rule denies nothing and counts what it would deny', async () => {
    const { client, link } = suite.network;
    const packetlog = await enforcing('--print', 'json');
    await add({ action: 'observe', source: 'any', protocol: 'udp', destination_port: 7 });
    await client.agent();
    await add({ action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: 9, for: '4s' });
    await sendUdp(client, { address: link.server.ipv4, count: 5, ports: [7, 9] });
    await until(async () => (await listed(place)).rules.length === 1, { what: 'the rule to expire' });
    await sendUdp(client, { address: link.server.ipv4, count: 4, ports: [9] });
    const file = () => readFileSync(place.path('rules.json'), 'utf8');
    await until(() => !file().includes('"deny"'), { what: 'the rule to be removed from the file', evidence: file });
    await packetlog.until(({ stdout }) => stdout.split('\n').length > 9, 'nine records');
    await packetlog.end();
    const { records } = readJsonOutput(packetlog.stdout);
    expect(records.map(({ dst_port, action, reason }) => `${dst_port} ${action} ${reason}`).sort()).toEqual(
      [
        ...Array(2).fill('9 deny rule'),
        ...Array(4).fill('9 permit none'),
        ...Array(3).fill('7 permit would_deny'),
      ].sort(),
    );
  });

  test('rules and their counters survive a restart', async () => {
    const { client, link } = suite.network;
    const echo = await startTcpEcho(server(), link.server.ipv4);
    const first = await enforcing('--print', 'none');
    await add({ action: 'deny', source: link.client.ipv4, reason: 'stays' });
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);
    await first.end();
    expect(await connects(link.server.ipv4, echo.port, PATIENT_MS)).toBe(true);
    const ledger = /^server0: (\d+) packets seen.* (\d+) denied/m.exec(first.stderr);
    // packetlog is not running: the commands change the file, one after the other.
    const sources = ['198.51.100.0/24', '203.0.113.0/24', '192.0.2.0/24'];
    for (const offline of await Promise.all(sources.map((source) => run('add', 'deny', source)))) {
      expect(offline).toMatchObject({ code: 0, stderr: expect.stringContaining('packetlog is not running') });
    }
    await enforcing('--print', 'none');
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);
    const { rules: kept } = await listed(place);
    expect(kept).toMatchObject([{ id: 1, reason: 'stays' }, { id: 2 }, { id: 3 }, { id: 4 }]);
    expect(new Set(kept.slice(1).map(({ source }) => source))).toEqual(new Set(sources));
    const before = Number(ledger?.[2]);
    expect(before).toBeGreaterThan(0);
    await sendUdp(client, { address: link.server.ipv4, count: 1000 });
    await until(async () => ((await verdict(1))?.packets ?? 0) >= before + 1000, { what: 'the rule to count on' });
  });

  test('with a damaged rules file, the last good rules are in force', async () => {
    const { link } = suite.network;
    const echo = await startTcpEcho(server(), link.server.ipv4);
    const first = await enforcing('--print', 'none');
    await add({ action: 'deny', source: link.client.ipv4 });
    await first.end();
    writeFileSync(place.path('rules.json'), '{"version":1,"rules":[{"action":"deny"');
    const second = await enforcing('--print', 'none');
    expect(second.stderr).toMatch(/last good copy is in force/);
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);
    expect((await done(place, 'audit', {})).entries.map(({ what }) => what)).toContain('fallback');
  });

  test('a running loader reloads on SIGHUP and rereads a changed list', async () => {
    const { link } = suite.network;
    const list = place.path('drop.txt');
    writeFileSync(list, '# empty so far\n203.0.113.0/24 ; SBL1\n');
    const packetlog = await enforcing('--print', 'none');
    expect(await typed('import', list)).toMatch(/Set drop has 1 network; rule 1/);
    const echo = await startTcpEcho(server(), link.server.ipv4);
    expect(await connects(link.server.ipv4, echo.port, PATIENT_MS)).toBe(true);

    writeFileSync(list, `203.0.113.0/24\n${link.client.ipv4}\n`);
    await packetlog.untilPrinted(/Set drop was read again/);
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);

    writeFileSync(list, 'not a network\n');
    await packetlog.untilPrinted(/Set drop stays as it is/);
    expect(await connects(link.server.ipv4, echo.port)).toBe(false);

    const file = JSON.parse(readFileSync(place.path('rules.json'), 'utf8'));
    writeFileSync(place.path('rules.json'), JSON.stringify({ ...file, rules: [] }));
    writeFileSync(list, '203.0.113.0/24\n');
    process.kill(packetlog.pid, 'SIGHUP');
    await packetlog.untilPrinted(/The rules were read again/);
    expect(await connects(link.server.ipv4, echo.port, PATIENT_MS)).toBe(true);
  });
});

describe.skipIf(!requireRoot())('a rule for one interface', () => {
  const suite = eachWithNetwork({ links: 2 });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  test('applies only there, and follows the interface name', async () => {
    const { client, server, links } = suite.network;
    const [first, second] = links.map((link) => link.server.ipv4) as [string, string];
    const packetlog = suite.own(await startEnforcing(server, place, '--print', 'none', '--iface', 'server1'));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const rule = { action: 'deny' as const, source: 'any', protocol: 'udp', destination_port: 9, interface: 'server1' };
    await done(place, 'add', { rule });
    await done(place, 'confirm', {});
    const denied = async () => (await listed(place)).rules[0]?.packets ?? 0;

    await sendUdp(client, { address: first, count: 10 });
    await sendUdp(client, { address: second, count: 7 });
    await until(async () => (await denied()) === 7, { what: 'the packets to server1 to be denied' });

    await server.ip('link set server1 down', 'link set server1 name wan0', 'link set wan0 up');
    await packetlog.untilPrinted(/now called wan0/);
    await sendUdp(client, { address: first, count: 10 });
    expect(await denied()).toBe(7);
    await done(place, 'edit', { id: 1, changes: { interface: 'wan0' } });
    await done(place, 'confirm', {});
    await sendUdp(client, { address: second, count: 5 });
    await until(async () => (await denied()) === 12, { what: 'the packets to wan0 to be denied' });
  });
});
