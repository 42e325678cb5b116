/** `--log-denies`: the file and the final ledger have every denied packet that the sender sent. Needs root. */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, type JsonRecord, readJsonOutput } from './console-output.ts';
import { done, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const DENIED_PORT = 4000;
const PERMITTED_PORT = 4001;

describe.skipIf(!requireRoot())('the log of denied packets', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  async function start(file: string, ...args: string[]): Promise<LabProcess> {
    const all = ['--iface', 'server0', '--listen', 'off', '--log-denies', file, ...args];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args: all, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const source = suite.network.link.client.ipv4;
    await done(place, 'add', {
      rule: { action: 'deny', source, protocol: 'udp', destination_port: DENIED_PORT },
    });
    return packetlog;
  }

  /** Resolves with the number of datagrams that the sender counted, once the server's device has received them. */
  async function send(port: number, count: number): Promise<number> {
    const { client, link } = suite.network;
    const before = (await link.server.counters()).rx.packets;
    const { sent } = await sendUdp(client, { address: link.server.ipv4, ports: [port], count });
    await until(async () => (await link.server.counters()).rx.packets >= before + sent, { what: 'all datagrams' });
    return sent;
  }

  const linesOf = (file: string): JsonRecord[] =>
    (existsSync(file) ? readFileSync(file, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonRecord);

  test('has each of them, also across a rotation, and no other packet', async () => {
    const file = place.path('denied.ndjson');
    const packetlog = await start(file, '--print', 'none');
    const first = await send(DENIED_PORT, 200);
    await send(PERMITTED_PORT, 100);
    await until(() => linesOf(file).length === first, { what: 'a line for each denied packet' });

    // As logrotate does.
    renameSync(file, `${file}.1`);
    const between = await send(DENIED_PORT, 50);
    process.kill(packetlog.pid, 'SIGHUP');
    await until(() => existsSync(file), { what: 'the new file' });
    const last = await send(DENIED_PORT, 70);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });

    const logged = [...linesOf(`${file}.1`), ...linesOf(file)];
    expect(logged).toHaveLength(first + between + last);
    expect(linesOf(file).length).toBeGreaterThanOrEqual(last);
    expect(new Set(logged.map(({ action, dst_port, interface: name }) => `${action} ${dst_port} ${name}`))).toEqual(
      new Set([`deny ${DENIED_PORT} server0`]),
    );
    expect(packetlog.stderr).toContain(`deny log: ${logged.length} written, 0 withheld by the rate limit, 0 lost`);
  });

  test('is limited in its rate, and the ledger counts the others', async () => {
    const file = place.path('denied.ndjson');
    const packetlog = await start(file, '--print', 'json', '--log-denies-rate', '20');
    const sent = await send(DENIED_PORT, 2000);
    await packetlog.untilPrinted(/because more than 20 a second are denied/);
    await packetlog.untilPrinted(/No more records are lost in the log of denied packets/);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(records).toHaveLength(sent);
    const { deny_log } = JSON.parse(packetlog.stdout.trimEnd().split('\n').at(-1) ?? '{}');
    expect(deny_log.written).toBe(linesOf(file).length);
    expect(deny_log.written + deny_log.withheld).toBe(sent);
    expect(deny_log.withheld).toBeGreaterThan(0);
    expect(deny_log.lost).toBe(0);
  });

  test('that cannot be written stops nothing: the packets are denied, the loss is counted, and it goes on once it can be', async () => {
    const directory = place.path('log');
    const file = `${directory}/denied.ndjson`;
    const packetlog = await start(file, '--print', 'json');
    const lost = await send(DENIED_PORT, 30);
    await packetlog.untilPrinted(
      /cannot be written or is too slow: \d+ so far.*(Directory nonexistent|No such file or directory)/,
    );
    mkdirSync(directory);
    process.kill(packetlog.pid, 'SIGHUP');
    await until(() => existsSync(file), { what: 'the file' });
    const written = await send(DENIED_PORT, 40);
    await until(() => linesOf(file).length === written, { what: 'a line for each packet' });
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    const { ledger } = readJsonOutput(packetlog.stdout);
    expect(ledger.interfaces['server0']).toMatchObject({ denied: lost + written });
    const { deny_log } = JSON.parse(packetlog.stdout.trimEnd().split('\n').at(-1) ?? '{}');
    expect(deny_log).toEqual({ written, withheld: 0, lost });
  });
});
