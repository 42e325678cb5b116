/** `packetlog capture` never changes what is permitted or denied, with or without a running loader. Needs root. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { xdpOn } from '../lab/leftovers.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithPins } from './pinned.ts';
import { listed, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';

const COUNT = 2_000;
const [DENIED, PERMITTED] = [5000, 5001];
const [BUSY, NOT_FOUND] = [3, 5];

interface Line {
  action: string;
  dst_port: number | null;
}

describe.skipIf(!requireRoot())('packetlog capture', () => {
  const suite = eachWithPins({ ipv6: false });
  let rules: RulesPlace;
  let directory: string;
  beforeEach(async () => {
    rules = makeRulesPlace();
    directory = await mkdtemp(join(tmpdir(), 'packetlog-capture-'));
    // No loader runs: this changes only the rules file.
    await rulesDone(
      suite.network.server,
      rules,
      'add',
      'deny',
      suite.network.link.client.ipv4,
      '--port',
      String(DENIED),
      '--protocol',
      'udp',
    );
  });
  afterEach(async () => {
    rules.remove();
    await rm(directory, { recursive: true });
  });

  const env = () => ({ ...rules.env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: suite.place.path });
  const start = (...args: string[]) => suite.own(startPacketlog(suite.network.server, { args, env: env() }));

  async function ready(...args: string[]): Promise<LabProcess> {
    const packetlog = start(...args);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function send(): Promise<void> {
    const { client, link } = suite.network;
    const ports = [DENIED, PERMITTED];
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count: COUNT, ports, perSecond: 20_000 });
    expect(sent).toBe(COUNT);
  }

  async function lines(file: string): Promise<Line[]> {
    const text = await readFile(file, 'utf8');
    const all = text.split('\n').filter((line) => line !== '');
    return all.map((line) => JSON.parse(line) as Line).filter(({ dst_port }) => (dst_port ?? 0) >= DENIED);
  }

  test('without a loader enforces no rule and leaves nothing behind', async () => {
    const { link, server } = suite.network;
    const receiver = await receiveUdp(server, link.server.ipv4, DENIED);
    const file = join(directory, 'a.ndjson');
    const capture = await ready('capture', '--iface', link.server.device, '-w', file);
    await send();
    await until(async () => (await receiver.received()).received === COUNT / 2, { what: 'all datagrams' });
    expect(await capture.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect((await lines(file)).map(({ action }) => action)).toEqual(Array(COUNT).fill('permit'));
    expect(suite.place.pins()).toEqual([]);
    expect(await xdpOn(server, link.server.device)).toBeUndefined();
  });

  test('beside a loader receives its records, with the verdicts of its rules', async () => {
    const { link, server } = suite.network;
    const receiver = await receiveUdp(server, link.server.ipv4, DENIED);
    const loader = await ready(
      '--iface',
      link.server.device,
      '--print',
      'none',
      '--listen',
      '127.0.0.1:0',
      '--ui',
      'off',
    );
    const file = join(directory, 'a.ndjson');
    const capture = await ready('capture', '-w', file, '--filter', `dst port ${DENIED} or dst port ${PERMITTED}`);
    await send();
    await until(async () => (await lines(file)).length === COUNT, { what: 'all records' });
    expect(await capture.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(capture.stderr).toContain(`Recording from the running packetlog (pid ${loader.pid})`);
    expect(capture.stderr).toMatch(/2,000 written(, \d+ filtered)?, 0 lost after the ring/);
    expect(capture.stderr).toMatch(/0 lost in the ring/);
    for (const { action, dst_port } of await lines(file)) expect(action).toBe(dst_port === DENIED ? 'deny' : 'permit');
    expect((await receiver.received()).received).toBe(0);
    expect(await listed(rules)).toMatchObject({ enforcing: true, pinned: true });

    const elsewhere = start('capture', '--iface', 'lo', '--mode', 'generic', '-w', file);
    expect(await elsewhere.exited).toMatchObject({ code: NOT_FOUND });
    expect(elsewhere.stderr).toContain(`watches only ${link.server.device}`);

    process.kill(loader.pid, 'SIGKILL');
    await loader.exited;
    const late = start('capture', '--iface', link.server.device, '-w', file);
    expect(await late.exited).toMatchObject({ code: BUSY });
    expect(late.stderr).toMatch(/still enforces its rules\. Start packetlog/);
    await send();
    expect((await receiver.received()).received).toBe(0);
    expect(await suite.unload().exited).toMatchObject({ code: 0 });
  });

  test('beside a loader with --listen off fails and names the remedy', async () => {
    const { link } = suite.network;
    await ready('--iface', link.server.device, '--print', 'none', '--listen', 'off', '--pin', 'never');
    const capture = start('capture', '-w', join(directory, 'a.csv'));
    expect(await capture.exited).toMatchObject({ code: BUSY });
    expect(capture.stderr).toContain('Restart it without --listen off');
  });
});
