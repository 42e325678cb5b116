/** Bans with a running loader and real TCP connections: who is banned, why, and how a ban ends. Needs root. */
import { chownSync } from 'node:fs';
import { type Ban, type Decision, decisionSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, TCP, tcp } from '../lab/frame.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames, startTcpEcho, type TcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Connections that the limit of these tests permits at once. */
const MOST = 5;
const UNANSWERED_MS = 500;
const OTHER = '192.0.2.11';
const FIRST_BAN_RULE = 4_000_000_001;

describe.skipIf(!requireRoot())('a ban', () => {
  let pins: PinPlace;
  let place: RulesPlace;
  let echo: TcpEcho;
  beforeEach(async () => {
    pins = await createPinPlace();
    const { env, ...made } = makeRulesPlace();
    place = { ...made, env: { ...env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: pins.path } };
  });
  const suite = eachWithNetwork();
  beforeEach(async () => {
    const { client, server, link } = suite.network;
    await client.ip(`address add ${OTHER}/24 dev ${link.client.device}`);
    await server.ip(`neighbour add ${OTHER} lladdr ${link.client.mac} dev ${link.server.device} nud permanent`);
    echo = await startTcpEcho(server, '::');
  });
  afterEach(async () => {
    await pins.dispose();
    place.remove();
  });

  async function started(): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const running = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    const { code } = await running.exited;
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  async function lines<Value>(...args: string[]): Promise<Value[]> {
    const { code, stdout, stderr } = await command(...args, '--json');
    if (code !== 0) throw new Error(`packetlog ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Value);
  }
  const bans = () => lines<Ban>('bans', 'list');

  async function limited(...options: string[]): Promise<void> {
    const { server } = suite.network;
    const numbers = [
      '--protocol',
      'tcp',
      '--port',
      String(echo.port),
      '--rate',
      `${MOST}/h`,
      '--measure',
      'connections',
    ];
    await rulesDone(
      server,
      place,
      'add',
      'limit',
      'any',
      ...numbers,
      '--then',
      'ban:1h..24h',
      '--reason',
      'lab',
      ...options,
    );
    if ((await listed(place)).pending) await done(place, 'confirm', {});
  }
  const enforced = () => limited('--enforce', '--now');

  const clientAddress = () => suite.network.link.client.ipv4;

  /** Whether a connection is answered. */
  async function answered(localAddress: string = clientAddress(), port = echo.port): Promise<boolean> {
    const isIpv6 = localAddress.includes(':');
    const { link, client } = suite.network;
    const address = isIpv6 ? link.server.ipv6 : link.server.ipv4;
    return (await client.agent()).ask('tryTcp', { address, port, timeoutMs: UNANSWERED_MS, localAddress });
  }

  /** Connects until the limit is over. */
  async function offend(localAddress?: string): Promise<void> {
    for (let i = 0; i <= MOST; i++) await answered(localAddress);
  }

  /** Waits for a decision about a source, and returns the newest one. */
  const decided = (source: string = clientAddress()): Promise<Decision> =>
    until(
      async () => {
        const { code, stdout } = await command('bans', 'why', source, '--json');
        return code === 0 ? decisionSchema.parse(JSON.parse(stdout.split('\n')[0] ?? '')) : undefined;
      },
      { what: `a decision about ${source}` },
    );

  test('denies a client that is over the limit, for all ports, and explains itself', async () => {
    const packetlog = await started();
    await enforced();
    const other = await startTcpEcho(suite.network.server, '::');
    expect(await answered(clientAddress(), other.port)).toBe(true);
    await offend();
    const decision = await decided();
    expect(decision).toMatchObject({
      kind: 'ban',
      source: clientAddress(),
      rule: { id: 1, reason: 'lab', rate: `${MOST}/h`, enforce: true },
      strike: 1,
      duration_ms: 3_600_000,
      ban_rule: FIRST_BAN_RULE,
      ports: [echo.port],
    });
    expect(decision.guards).toHaveLength(7);
    expect(decision.guards.every(({ passed }) => passed)).toBe(true);
    expect(decision.connections).toBeGreaterThan(MOST);
    expect(decision.attempts.in_60_s).toBeGreaterThan(MOST);
    expect(decision.samples[0]).toMatchObject({ src_addr: clientAddress(), dst_port: echo.port, interface: 'server0' });

    expect(await answered(clientAddress(), other.port)).toBe(false);
    expect(await answered(OTHER)).toBe(true);
    const [ban] = await bans();
    expect(ban).toMatchObject({ decision: decision.id, source: clientAddress(), limit_rule: 1 });
    const why = await command('bans', 'why', clientAddress());
    expect(why.stdout).toMatch(
      new RegExp(
        `^Decision 1: ${clientAddress()} banned for 1 h: \\d+ connections? .*to tcp port ${echo.port} in .*, limit ${MOST}/h`,
      ),
    );
    expect(why.stdout).toMatch(/passed {4}other connections\n/);
    expect(packetlog.stderr + packetlog.stdout).toContain('Decision 1:');

    const list = await rulesDone(suite.network.server, place, 'list');
    expect(list).toContain('1 ban: packetlog bans list');
    expect(list).not.toContain(String(FIRST_BAN_RULE));
    expect((await command('bans', 'export')).stdout).toBe(`${clientAddress()}\n`);
    // Attempts during the ban move no end.
    await offend();
    expect((await bans())[0]?.ends_at_ms).toBe(ban?.ends_at_ms);
  });

  test('ends by an undo, beside traffic and a change that waits, and is no change of the rules', async () => {
    await started();
    await enforced();
    await offend();
    await decided();
    await rulesDone(suite.network.server, place, 'add', 'deny', 'any', '--protocol', 'tcp', '--port', '7');
    const { pending } = await listed(place);
    expect(pending).toBeDefined();
    let isLoading = true;
    const load = (async () => {
      while (isLoading) await answered(OTHER, 9);
    })();
    expect(await command('bans', 'undo', '1')).toMatchObject({ code: 0, stdout: 'Ban 1 has ended.\n' });
    isLoading = false;
    await load;
    const other = await startTcpEcho(suite.network.server, '::');
    expect(await answered(clientAddress(), other.port)).toBe(true);
    expect(await bans()).toEqual([]);
    expect((await listed(place)).pending?.why).toBe(pending?.why);
    // The rules without the change have no such ban either.
    await done(place, 'revert', {});
    expect(await answered(clientAddress(), other.port)).toBe(true);
    expect((await decided()).undone).toMatchObject({ by: expect.stringContaining('root') });
    const audit = await rulesDone(suite.network.server, place, 'audit');
    expect(audit).toContain('ban 1');
    expect(await command('bans', 'undo', '1')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('No ban 1 is in force. List those in force with: packetlog bans list.'),
    });
  });

  test('with never permits the source from then on', async () => {
    await started();
    await enforced();
    await offend();
    await decided();
    const { stdout } = await command('bans', 'undo', clientAddress(), '--never');
    expect(stdout).toContain('Ban 1 has ended.\nRule 2 permits all packets from it');
    for (let i = 0; i < 2 * MOST; i++) expect(await answered()).toBe(true);
    expect(await bans()).toEqual([]);
    // A permit during a ban says what it concerns.
    await offend(OTHER);
    await decided(OTHER);
    const added = await rules(suite.network.server, place, 'add', 'permit', OTHER);
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Added rule 3'),
      stderr: expect.stringContaining(`rule 3 also permits packets from ${OTHER}, which is banned`),
    });
    expect(await answered(OTHER)).toBe(true);
    expect(await bans()).toHaveLength(1);
  });

  test('stays in the kernel when the loader is killed, is read from the disk, and is taken over with its end', async () => {
    const first = await started();
    await enforced();
    await offend();
    await decided();
    const [ban] = await bans();
    await first.end('SIGKILL');
    const other = await startTcpEcho(suite.network.server, '::');
    expect(await answered(clientAddress(), other.port)).toBe(false);
    expect(await bans()).toMatchObject([{ decision: 1, ends_at_ms: ban?.ends_at_ms }]);
    expect((await decided()).id).toBe(1);
    const undo = await command('bans', 'undo', '1');
    expect(undo).toMatchObject({ code: 1, stderr: expect.stringContaining('packetlog is not running') });
    expect(await rulesDone(suite.network.server, place, 'list')).toContain('1 ban: packetlog bans list');

    // As a core that kept root's rights leaves it.
    for (const path of ['bans.json', 'decisions.ndjson', '.']) chownSync(place.path(path), 0, 0);
    await started();
    expect(await answered(clientAddress(), other.port)).toBe(false);
    expect(await bans()).toMatchObject([{ decision: 1, ends_at_ms: ban?.ends_at_ms }]);
    expect(await command('bans', 'undo', '--last', '10m')).toMatchObject({ code: 0 });
    expect(await answered(clientAddress(), other.port)).toBe(true);
  });

  test('that was undone stays undone, and is no difference of the rules, when the loader is killed at once', async () => {
    const first = await started();
    await enforced();
    await offend();
    await decided();
    expect(await command('bans', 'undo', '1')).toMatchObject({ code: 0 });
    await first.end('SIGKILL');
    const other = await startTcpEcho(suite.network.server, '::');
    expect(await answered(clientAddress(), other.port)).toBe(true);
    expect(await bans()).toEqual([]);
    const list = await rules(suite.network.server, place, 'list', '--json');
    expect(JSON.parse(list.stdout)).toMatchObject({ enforcing: true, in_force: { by: 'kernel', is_current: true } });
    // The source is still over the limit.
    await started();
    await answered();
    await offend(OTHER);
    expect((await decided(OTHER)).kind).toBe('ban');
    expect((await bans()).map(({ source }) => source)).toEqual([OTHER]);
    expect(await answered(clientAddress(), other.port)).toBe(true);
  });

  test('is only announced by a limit that observes', async () => {
    await started();
    await limited();
    await offend();
    const decision = await decided();
    expect(decision).toMatchObject({ kind: 'would_ban', strike: 1, duration_ms: 3_600_000 });
    expect(decision).not.toHaveProperty('ends_at_ms');
    expect(await answered()).toBe(true);
    expect(await bans()).toEqual([]);
  });

  test('is not made of forged packets in the name of a client, whose connection goes on', async () => {
    await started();
    await enforced();
    const { link, client } = suite.network;
    const agent = await client.agent();
    const localPort: number = await agent.ask('holdTcp', { address: link.server.ipv4, port: echo.port });
    const works = () => agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS });
    expect(await works()).toBe(true);
    const forged = (flags: number, payload?: number[]) =>
      Array.from({ length: 300 }, (_, i) =>
        ethernet(
          ipv4(
            { src: clientAddress(), dst: link.server.ipv4 },
            tcp({ src: 20_000 + i, dst: echo.port, flags, sequence: 1000 + i, acknowledgement: 77 }, payload),
          ),
        ),
      );
    for (const frames of [forged(TCP.syn), forged(TCP.ack | TCP.psh, [...Buffer.from('GET /\r\n')])]) {
      expect((await sendFrames(link.client, frames)).sent).toBe(frames.length);
    }
    // What comes after them, over the same cable, is banned: the loader has seen all of this.
    await offend(OTHER);
    expect((await decided(OTHER)).kind).toBe('ban');
    expect((await bans()).map(({ source }) => source)).toEqual([OTHER]);
    expect(await works()).toBe(true);
  });

  test('is not made while the source has another connection that was open before', async () => {
    await started();
    const { link, client } = suite.network;
    const other = await startTcpEcho(suite.network.server, '::');
    const agent = await client.agent();
    const localPort: number = await agent.ask('holdTcp', { address: link.server.ipv4, port: other.port });
    expect(await agent.ask('tryHeld', { localPort, timeoutMs: UNANSWERED_MS })).toBe(true);
    await enforced();
    await offend();
    const decision = await decided();
    expect(decision.kind).toBe('not_banned');
    expect(decision.guards.filter(({ passed }) => !passed)).toEqual([
      {
        guard: 'other_connections',
        passed: false,
        note: `it has another connection, to tcp port ${other.port}, older than the watch for connections`,
      },
    ]);
    expect(await answered(clientAddress(), other.port)).toBe(true);
    expect(await answered()).toBe(false);
  });

  test('is of the network of 64 bits of an IPv6 source', async () => {
    await started();
    await enforced();
    const { ipv6 = '' } = suite.network.link.client;
    await offend(ipv6);
    const network = `${ipv6.replace(/::.*$/, '')}::/64`;
    expect(await decided(network)).toMatchObject({ kind: 'ban', source: network });
    expect(await answered(ipv6)).toBe(false);
    expect(await answered()).toBe(true);
  });
});
