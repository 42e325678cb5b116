/** What prevents a lockout: the guard, the confirmation, the dry run. Needs root. */
import { writeFileSync } from 'node:fs';
import {
  type ClientToServerEvents,
  PROTOCOL_VERSION,
  type RulesSnapshot,
  type ServerToClientEvents,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPinPlace } from '../lab/pin-place.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { forwardPort, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { ask, done, listed, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Exit codes. */
const LOCKOUT = 8;
const NOT_FOUND = 5;

/** Timeouts: how long no answer means denied, and how long to wait for a permitted connection. */
const SILENCE_MS = 1500;
const PATIENT_MS = 30_000;

describe.skipIf(!requireRoot())('the safety net', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  const cleanUp: (() => unknown)[] = [];
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(async () => {
    for (const act of cleanUp.splice(0).reverse()) await act();
    place.remove();
  });

  const server = () => suite.network.server;
  const add = (rule: Parameters<typeof done<'add'>>[2]['rule'], force = false) => done(place, 'add', { rule, force });
  const whoIsShutOut = async (source: string, destination_port?: number) => {
    const rule = { action: 'deny' as const, source, ...(destination_port && { destination_port }) };
    const answer = await ask(place, 'add', { rule });
    return answer.ok ? undefined : answer.error.protected;
  };

  async function enforcing(args: string[] = [], env: Record<string, string> = {}): Promise<LabProcess> {
    const quiet = ['--iface', 'server0', '--print', 'none', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(server(), { args: [...quiet, ...args], env: { ...place.env, ...env } }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function connects(port: number, timeoutMs = SILENCE_MS): Promise<boolean> {
    const agent = await suite.network.client.agent();
    return agent.ask<boolean>('tryTcp', { address: suite.network.link.server.ipv4, port, timeoutMs });
  }

  test('the ssh session, the gateway and the protect list cannot be locked out without --force or a permit rule', async () => {
    const { client, link } = suite.network;
    await server().ip('route add default via 192.0.2.9 dev server0');
    await startTcpEcho(server(), link.server.ipv4, 22);
    const agent = await client.agent();
    await enforcing(['--protect', '198.51.100.0/24']);
    const own = { kind: 'ssh_peer', address: link.client.ipv4 };
    await add({ action: 'deny', source: link.client.ipv4 });
    await done(place, 'remove', { ids: [1] });

    await agent.ask('holdTcp', { address: link.server.ipv4, port: 22 });
    expect(await whoIsShutOut(link.client.ipv4)).toEqual(own);
    expect(await whoIsShutOut('any', 22)).toEqual(own);
    expect(await whoIsShutOut('192.0.2.9')).toEqual({ kind: 'gateway', address: '192.0.2.9' });
    expect(await whoIsShutOut('198.51.100.7')).toEqual({ kind: 'protect', address: '198.51.100.0/24' });
    const list = place.path('list.txt');
    writeFileSync(list, '203.0.113.0/24\n192.0.2.0/24\n');
    const { code, stderr } = await rules(server(), place, 'import', list);
    expect({ code, stderr }).toEqual({ code: LOCKOUT, stderr: expect.stringContaining(link.client.ipv4) });
    expect((await listed(place)).rules).toEqual([]);

    await add({ action: 'deny', source: link.client.ipv4, destination_port: 80 });
    const permit = (await add({ action: 'permit', source: link.client.ipv4 })).rule.id;
    await add({ action: 'deny', source: '192.0.2.0/29' });
    const taken = await ask(place, 'remove', { ids: [permit] });
    expect(taken).toMatchObject({ ok: false, error: { code: 'lockout', protected: own } });
    await done(place, 'remove', { ids: [permit], force: true });
    expect(await connects(22)).toBe(false);
  });

  test('a client with the admin token cannot be locked out; a read-only client cannot change rules', async () => {
    const { client, link } = suite.network;
    const packetlog = suite.own(
      startPacketlog(server(), {
        args: ['--iface', 'server0', '--print', 'none', '--ui', 'off', '--listen', `${link.server.ipv4}:0`],
        env: place.env,
      }),
    );
    const [, text = ''] = await packetlog.untilPrinted(/(?:Dashboard|Socket): (\S+)/);
    const url = new URL(text);
    const forward = await forwardPort(client, Number(url.port), Number(url.port), link.server.ipv4);
    cleanUp.push(() => forward.close());
    const connect = async (auth: object) => {
      const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(`http://127.0.0.1:${forward.port}`, {
        transports: ['websocket'],
        extraHeaders: { host: url.host },
        auth: { token: LAB_TOKEN, protocol: PROTOCOL_VERSION, ...auth },
        reconnection: false,
        forceNew: true,
      });
      cleanUp.push(() => socket.disconnect());
      let snapshot: RulesSnapshot | undefined;
      socket.on('rules', (rules) => {
        snapshot = rules;
      });
      await until(() => snapshot, { what: 'the rules' });
      return { socket, snapshot: () => snapshot as RulesSnapshot };
    };
    const looker = await connect({});
    const admin = await connect({ admin_token: LAB_ADMIN_TOKEN });
    const deny = (source: string) => ({ rule: { action: 'deny' as const, source, reason: 'e2e' } });

    expect(await looker.socket.emitWithAck('rules:add', deny('203.0.113.7'))).toMatchObject({
      ok: false,
      error: { code: 'forbidden' },
    });
    expect(await admin.socket.emitWithAck('rules:add', deny('192.0.2.0/24'))).toMatchObject({
      ok: false,
      error: { code: 'lockout', protected: { kind: 'operator', address: link.client.ipv4 } },
    });
    expect(await admin.socket.emitWithAck('rules:add', deny('203.0.113.7'))).toMatchObject({
      ok: true,
      value: { rule: { id: 1, created_by: 'admin token' } },
    });
    await until(() => looker.snapshot().rules.length === 1, { what: 'the rule to reach the read-only client' });
    const { value } = (await admin.socket.emitWithAck('rules:audit', {})) as { value: { entries: object[] } };
    expect(value.entries[0]).toMatchObject({
      what: 'add',
      who: { name: 'admin token', via: 'socket', address: link.client.ipv4 },
      why: 'e2e',
    });
  });

  test('an unconfirmed risky change reverts', async () => {
    const { link } = suite.network;
    const echo = await startTcpEcho(server(), link.server.ipv4);
    await suite.network.client.agent();
    const packetlog = await enforcing(['--confirm-within', '8s']);
    const { pending } = await add({ action: 'deny', source: 'any', protocol: 'tcp', destination_port: echo.port });
    expect(pending?.why).toMatch(/denies any source/);
    expect(await connects(echo.port)).toBe(false);
    await packetlog.untilPrinted(/reverted: it was not confirmed/);
    expect(await connects(echo.port, PATIENT_MS)).toBe(true);
    expect((await listed(place)).rules).toEqual([]);
    expect((await rules(server(), place, 'confirm')).code).toBe(NOT_FOUND);
  });

  test('an unconfirmed risky change reverts after the loader was killed, and a restart does not restore it', async () => {
    const { link } = suite.network;
    const pins = await createPinPlace();
    cleanUp.push(() => pins.dispose());
    const echo = await startTcpEcho(server(), link.server.ipv4);
    const env = { PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: pins.path };
    await suite.network.client.agent();
    const packetlog = await enforcing(['--confirm-within', '10s'], env);
    await add({ action: 'deny', source: '203.0.113.0/24' });
    expect(pins.pins()).not.toEqual([]);
    await done(place, 'policy', { default_policy: 'deny', force: true });
    await packetlog.end('SIGKILL');
    expect(await connects(echo.port)).toBe(false);
    await until(() => connects(echo.port), { what: 'the kernel to revert' });

    const next = await enforcing([], env);
    expect(await connects(echo.port, PATIENT_MS)).toBe(true);
    expect(await listed(place)).toMatchObject({ default_policy: 'permit', rules: [{ id: 1 }], pinned: true });
    await done(place, 'remove', { ids: [1] });
    expect(pins.pins()).toEqual([]);
    await next.end();
  });

  test('a dry run reports what the rules would deny, and denies nothing', async () => {
    const { client, link } = suite.network;
    await enforcing();
    const file = place.path('new.json');
    const rule = { action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: 5000 };
    writeFileSync(file, JSON.stringify({ version: 1, rules: [rule] }));
    const report = rules(server(), place, 'test', file, '--against', '3', '--json');
    let sent = 0;
    let isOver = false;
    void report.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      sent += (await sendUdp(client, { address: link.server.ipv4, count: 40, ports: [5000, 6000], perSecond: 400 }))
        .sent;
    }
    const { code, stdout, stderr } = await report;
    expect(code, stderr).toBe(0);
    const { judged, seen, denied, by_source, by_port } = JSON.parse(stdout);
    expect(seen).toBeGreaterThan(400);
    expect(seen).toBeLessThanOrEqual(sent);
    expect(judged).toBeGreaterThan(0.9 * seen);
    expect(Math.abs(denied.packets - judged / 2)).toBeLessThanOrEqual(20);
    expect(by_source).toEqual([{ addr: link.client.ipv4, ...denied }]);
    expect(by_port).toEqual([{ ip_protocol: 17, port: 5000, ...denied }]);
    expect((await listed(place)).rules).toEqual([]);
  });
});
