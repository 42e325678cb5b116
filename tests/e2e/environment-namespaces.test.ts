/** Loaders and commands in different network and time namespaces. Real loaders and packets; needs root. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { BIN, eachWithPins } from './pinned.ts';
import { listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';

const commOf = (task: string) => readFileSync(`/proc/${task}/comm`, 'utf8').trim();
const HOUR_NS = 3_600_000_000_000n;

describe.skipIf(!requireRoot())('a loader', () => {
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  const suite = eachWithPins({ ipv6: false });
  afterEach(() => place.remove());

  test('does not share its state directory, and commands report that it watches another network namespace', async () => {
    const { server, client, link } = suite.network;
    const startIn = (at: typeof server, device: string) =>
      suite.own(
        startPacketlog(at, { args: ['--iface', device, '--print', 'none', '--listen', 'off'], env: place.env }),
      );
    const first = startIn(server, link.server.device);
    await first.untilPrinted(/Waiting for Ctrl-C/);

    const threads = readdirSync(`/proc/${first.pid}/task`).map((task) => commOf(`${first.pid}/task/${task}`));
    expect(commOf(`${first.pid}`)).toBe('packetlog');
    expect(threads).toContain('packetlog-drain');
    expect(threads).not.toContain('node');

    const second = startIn(client, link.client.device);
    expect(await second.exited).toMatchObject({ code: 3 });
    expect(second.stderr).toContain(
      `use state directory ${place.directory}: packetlog with pid ${first.pid} already uses it`,
    );
    expect(second.stderr).toContain('PACKETLOG_STATE_DIR=DIR');

    for (const command of [['add', 'deny', '203.0.113.9'], ['list']]) {
      const elsewhere = await rules(client, place, ...command);
      expect(elsewhere).toMatchObject({ code: 5, stdout: '' });
      expect(elsewhere.stderr).toContain(`(pid ${first.pid}) watches another network namespace`);
    }
    expect((await listed(place)).rules).toEqual([]);
    // With --netns the command works from any namespace.
    await rulesDone(client, place, 'add', 'deny', '203.0.113.9', '--netns', server.name);
    expect((await listed(place)).rules).toMatchObject([{ source: '203.0.113.9' }]);

    await first.end('SIGKILL');
    await startIn(client, link.client.device).untilPrinted(/Waiting for Ctrl-C/);
  });

  test('in a time namespace shows the right time, and its risky change reverts although it is killed', async () => {
    const { server, client, link } = suite.network;
    const tenDays = ['--monotonic', '864000', '--boottime', '864000'];
    const options = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--pin', 'always'];
    const packetlog = suite.own(
      startProcess(
        server,
        'unshare',
        ['--time', ...tenDays, '--fork', '--kill-child', process.execPath, BIN, ...options, '--confirm-within', '10s'],
        { ...place.env, PACKETLOG_BPFFS: suite.place.path },
      ),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const receiver = await receiveUdp(server, link.server.ipv4);
    const arrives = async () => {
      const { received: before } = await receiver.received();
      await sendUdp(client, { address: link.server.ipv4, count: 1, ports: [receiver.port] });
      return (await receiver.received()).received > before;
    };
    await until(arrives, { what: 'a datagram to arrive' });
    await packetlog.until(({ stdout }) => stdout.includes('"timestamp_ns"'), 'a record');
    const stamped = BigInt(/"timestamp_ns":"(\d+)"/.exec(packetlog.stdout)?.[1] ?? 0);
    const now = BigInt(Date.now()) * 1_000_000n;
    expect({ ahead: stamped > now + HOUR_NS, behind: stamped < now - HOUR_NS }).toEqual({
      ahead: false,
      behind: false,
    });

    await rulesDone(server, place, 'policy', 'deny', '--force');
    expect(await listed(place)).toMatchObject({ default_policy: 'deny', pending: {} });
    await packetlog.end('SIGKILL');
    // The kernel keeps the deadline, by its own clock.
    await until(arrives, { what: 'the default policy to be permit again', deadlineMs: 60_000 });
    await suite.unload().exited;
  });
});
