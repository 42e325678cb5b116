/**
 * Every source of rules passes the same pipeline: each source tries the same rules that lock out the gateway, each is
 * rejected, and the receiver sees that the last good rules still decide. Needs root.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp, type UdpReceiver } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithPins } from './pinned.ts';
import { ask, done, listed, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';

/** Exit code. */
const LOCKOUT = 8;
const [DENIED, PERMITTED] = [5000, 5001];
const GATEWAY = '192.0.2.9';
const EACH = 10;

describe.skipIf(!requireRoot())('rules that lock out the gateway', () => {
  const suite = eachWithPins({ ipv6: false });
  let place: RulesPlace;
  let packetlog: LabProcess;
  let receivers: readonly [denied: UdpReceiver, permitted: UdpReceiver];
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  const server = () => suite.network.server;
  const rulesFile = () => place.path('rules.json');
  const list = () => place.path('drop.txt');

  /** Replaces the list atomically, as programs that publish lists do. */
  function publish(text: string): void {
    writeFileSync(`${list()}.new`, text);
    renameSync(`${list()}.new`, list());
  }

  async function start(pin: 'auto' | 'never'): Promise<LabProcess> {
    const env = { ...place.env, PACKETLOG_PIN: pin, PACKETLOG_BPFFS: suite.place.path };
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none', '--confirm-within', '2s'];
    packetlog = suite.own(startPacketlog(server(), { args, env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Rules that deny port 5000 and the list, and no protected address. */
  async function enforceGoodRules(): Promise<void> {
    const { client, link } = suite.network;
    await server().ip(`route add default via ${GATEWAY} dev server0`);
    receivers = [
      await receiveUdp(server(), link.server.ipv4, DENIED),
      await receiveUdp(server(), link.server.ipv4, PERMITTED),
    ];
    await client.agent();
    await start('auto');
    await done(place, 'add', {
      rule: { action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: DENIED },
    });
    publish('203.0.113.0/24\n');
    expect(await rules(server(), place, 'import', list())).toMatchObject({ code: 0 });
  }

  /** Checks that denied packets do not arrive now, and that permitted ones do. */
  async function expectGoodRules(way: string): Promise<void> {
    const { client, link } = suite.network;
    const [denied, permitted] = receivers;
    const before = (await permitted.received()).received;
    await sendUdp(client, { address: link.server.ipv4, count: 2 * EACH, ports: [DENIED, PERMITTED] });
    await until(async () => (await permitted.received()).received === before + EACH, {
      what: `what is permitted to arrive, after ${way}`,
      evidence: () => packetlog.stderr,
    });
    expect(await denied.received(), way).toMatchObject({ received: 0 });
    const snapshot = await listed(place);
    expect(
      snapshot.rules.map(({ id }) => id),
      way,
    ).toEqual([1, 2]);
    expect(snapshot, way).toMatchObject({ default_policy: 'permit', sets: [{ name: 'drop', entries: 1 }] });
    expect(snapshot.pending, way).toBeUndefined();
  }

  const alarms = async () => (await listed(place)).alarms?.map(({ code, message }) => `${code}: ${message}`) ?? [];

  /** Writes the rules file with one more rule. */
  function editFile(): string {
    const good = readFileSync(rulesFile(), 'utf8');
    const file = JSON.parse(good);
    writeFileSync(rulesFile(), JSON.stringify({ ...file, rules: [{ action: 'deny', source: GATEWAY }] }));
    return good;
  }

  test('are rejected from every source, and the last good rules stay in force', async () => {
    await enforceGoodRules();
    await expectGoodRules('the good rules');

    const rule = { action: 'deny' as const, source: GATEWAY };
    expect(await ask(place, 'add', { rule })).toMatchObject({ ok: false, error: { code: 'lockout' } });
    await expectGoodRules('the socket');

    expect((await rules(server(), place, 'add', 'deny', GATEWAY)).code).toBe(LOCKOUT);
    await expectGoodRules('the command line');

    publish(`203.0.113.0/24\n${GATEWAY}\n`);
    await packetlog.untilPrinted(/Set drop stays as it is.*gateway/);
    expect(await alarms()).toEqual([expect.stringMatching(/^set_file: Set drop stays as it is/)]);
    await expectGoodRules('a followed file');
    publish('');
    await packetlog.untilPrinted(/Set drop stays as it is.*holds no network/);
    await expectGoodRules('an empty followed file');
    publish('203.0.113.0/24\n');
    await until(async () => (await alarms()).length === 0, { what: 'the alarm to end with the good list' });

    const good = editFile();
    process.kill(packetlog.pid, 'SIGHUP');
    await packetlog.untilPrinted(/rules file .* is rejected: .*gateway/);
    expect(await alarms()).toEqual([expect.stringMatching(/^rules_file: /)]);
    await expectGoodRules('SIGHUP');

    process.kill(packetlog.pid, 'SIGKILL');
    await packetlog.exited;
    await start('auto');
    expect(packetlog.stderr).toMatch(/Took over/);
    expect(await alarms()).toEqual([expect.stringMatching(/^rules_file: .*gateway/)]);
    await expectGoodRules('a take-over');

    await packetlog.end();
    expect(await suite.unload().exited).toEqual({ code: 0, signal: null });
    await start('never');
    expect(await alarms()).toEqual([expect.stringMatching(/^rules_file: .*gateway/)]);
    await expectGoodRules('a start');

    writeFileSync(rulesFile(), good);
    process.kill(packetlog.pid, 'SIGHUP');
    await packetlog.untilPrinted(/The rules were read again/);
    expect(await alarms()).toEqual([]);
    await done(place, 'add', { rule, force: true });
    await done(place, 'remove', { ids: [3] });
    expect(await ask(place, 'undo', {})).toMatchObject({ ok: false, error: { code: 'lockout' } });
    await expectGoodRules('undo');

    const { pending } = await done(place, 'policy', { default_policy: 'deny', force: true });
    expect(pending).toBeDefined();
    await packetlog.untilPrinted(/The change was reverted/);
    await expectGoodRules('a change that reverted');
  });

  test('pass again unchanged after --force, and so does a confirmed default policy deny', async () => {
    await enforceGoodRules();
    await done(place, 'add', { rule: { action: 'deny', source: GATEWAY }, force: true });
    await done(place, 'policy', { default_policy: 'deny', force: true });
    await done(place, 'confirm', {});
    const inForce = async () => {
      const { default_policy, rules: list, alarms, pending } = await listed(place);
      return { default_policy, ids: list.map(({ id }) => id), alarms, pending };
    };
    const all = { default_policy: 'deny', ids: [1, 2, 3], alarms: undefined, pending: undefined };
    expect(await inForce()).toEqual(all);
    process.kill(packetlog.pid, 'SIGHUP');
    await packetlog.untilPrinted(/The rules were read again/);
    expect(await inForce()).toEqual(all);
    await packetlog.end('SIGKILL');
    await start('auto');
    expect(await inForce()).toEqual(all);
    await packetlog.end();
    expect(await suite.unload().exited).toEqual({ code: 0, signal: null });
    await start('never');
    expect(await inForce()).toEqual(all);
  });

  test('a risky edit of the file waits for confirmation at start, and a restart does not try it again', async () => {
    await enforceGoodRules();
    await packetlog.end();
    const file = JSON.parse(readFileSync(rulesFile(), 'utf8'));
    const telnet = { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 23, reason: 'by hand' };
    writeFileSync(rulesFile(), JSON.stringify({ ...file, rules: [...file.rules, telnet] }));
    await start('auto');
    await packetlog.untilPrinted(/was not confirmed and has reverted/);
    await expectGoodRules('an edit that was not confirmed');
    await packetlog.end('SIGKILL');
    await start('auto');
    expect(await alarms()).toEqual([expect.stringMatching(/^rules_file: .*was not confirmed/)]);
    await expectGoodRules('a restart');
    process.kill(packetlog.pid, 'SIGHUP');
    await until(async () => (await listed(place)).pending, { what: 'the edit to be tried again' });
    await done(place, 'confirm', {});
    expect((await listed(place)).rules.map(({ reason }) => reason)).toEqual(['', '', 'by hand']);
    expect((await listed(place)).alarms).toBeUndefined();
    // The loader does not rewrite the file.
    expect(readFileSync(rulesFile(), 'utf8')).toContain(JSON.stringify(telnet));
    await packetlog.end();
    expect(await suite.unload().exited).toEqual({ code: 0, signal: null });
  });
});
