/** `rules list` reports as in force what the kernel enforces, with a loader and without one. Needs root. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RulesSnapshot } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { run } from '../lab/command.ts';
import { compileBpf } from '../lab/compile.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { listed, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const PASS = fileURLToPath(new URL('./doctor/pass.bpf.c', import.meta.url));

describe.skipIf(!requireRoot())('what is in force', () => {
  let pins: PinPlace;
  let place: RulesPlace;
  beforeEach(async () => {
    pins = await createPinPlace();
    const { env, ...made } = makeRulesPlace();
    place = { ...made, env: { ...env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: pins.path } };
  });
  const suite = eachWithNetwork();
  afterEach(async () => {
    await pins.dispose();
    place.remove();
  });

  const rulesRun = (...args: string[]) => rules(suite.network.server, place, ...args);
  const list = async () => JSON.parse((await rulesRun('list', '--json')).stdout) as RulesSnapshot;

  async function enforcing(): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Detaches the link and attaches another program: without that, the loader attaches again within a second. */
  async function replaceProgram(link: () => string): Promise<void> {
    const [object, pin] = [place.path('pass.o'), join(pins.path, 'foreign_pass')];
    await compileBpf(object, PASS);
    await run('bpftool', ['prog', 'load', object, pin]);
    const attached = async () => {
      await run('bpftool', ['link', 'detach', 'pinned', link()]).catch(() => undefined);
      const attach = ['net', 'attach', 'xdpgeneric', 'pinned', pin, 'dev', 'server0'];
      return suite.network.server.exec('bpftool', ...attach).then(
        () => true,
        () => false,
      );
    };
    // The loader can be faster.
    await until(attached, { what: 'another program on the interface' });
  }

  test('without a loader, it is what the kernel still enforces, with the hits; changes report that they wait', async () => {
    const { client, link } = suite.network;
    const first = await enforcing();
    expect((await rulesRun('add', 'deny', link.client.ipv4, '--reason', 'noise')).code).toBe(0);
    await rulesRun('add', 'observe', 'any', '--port', '7');
    await sendUdp(client, { address: link.server.ipv4, count: 10 });
    await until(async () => (await listed(place)).rules[0]?.packets === 10, { what: 'ten packets to be denied' });
    await first.end('SIGKILL');

    await sendUdp(client, { address: link.server.ipv4, count: 7 });
    await untilArrived(link.server, 17);
    const killed = await rulesRun('list');
    expect(killed.code).toBe(0);
    expect(killed.stdout).toMatch(/^ *1 +deny .*\b17\b.*noise$/m);
    expect(killed.stderr).toMatch(/not running, but its program still enforces 2 rules on server0 \(pinned in/);
    expect(await list()).toMatchObject({
      enforcing: true,
      pinned: true,
      rules: [
        { id: 1, packets: 17 },
        { id: 2, packets: 0 },
      ],
      in_force: { by: 'kernel', is_current: true, interfaces: [{ name: 'server0' }] },
    });

    const removed = await rulesRun('remove', '1');
    expect(removed).toMatchObject({ code: 0, stdout: 'Removed rule 1.\n' });
    expect(removed.stderr).toMatch(/still enforces 2 rules on server0.*\nChanges apply when packetlog starts/);
    await rulesRun('add', 'deny', '203.0.113.9');
    await sendUdp(client, { address: link.server.ipv4, count: 3 });
    await untilArrived(link.server, 20);
    const differing = await rulesRun('list');
    expect(differing.stdout).toMatch(/The kernel enforces other rules than these/);
    expect(differing.stdout).toContain(`not in the rules file: rule 1 (deny ${link.client.ipv4}, 20 packets)`);
    expect(differing.stdout).toMatch(/not in force yet: rule 3/);
    expect(await list()).toMatchObject({
      enforcing: false,
      rules: [{ id: 2 }, { id: 3 }],
      in_force: {
        by: 'kernel',
        is_current: false,
        default_policy: 'permit',
        rules: [{ id: 1, packets: 20 }, { id: 2 }],
      },
    });

    await enforcing();
    expect(await list()).toMatchObject({
      enforcing: true,
      rules: [{ id: 2 }, { id: 3 }],
      in_force: { by: 'loader', is_current: true, interfaces: [{ name: 'server0' }] },
    });
    await rulesRun('remove', '2', '3');
    expect(pins.pins()).toEqual([]);
  });

  test('with a loader, it is read back from the kernel: a rule that is missing there is not in force', async () => {
    await enforcing();
    await rulesRun('add', 'deny', '203.0.113.9');
    expect(await list()).toMatchObject({ enforcing: true, in_force: { by: 'loader', is_current: true } });
    const pinned = (name: RegExp) => join(pins.path, pins.pins().find((each) => name.test(each)) ?? '');
    await run('bpftool', ['map', 'delete', 'pinned', pinned(/rule_images$/), 'key', '0', '0', '0', '0']);
    expect(await list()).toMatchObject({
      enforcing: false,
      rules: [{ id: 1 }],
      in_force: { by: 'loader', is_current: false, interfaces: [{ name: 'server0' }] },
    });
    expect((await rulesRun('list')).stdout).toMatch(/Not in force: the kernel does not have these rules/);
    await rulesRun('add', 'deny', '203.0.113.10');
    expect(await list()).toMatchObject({ enforcing: true, in_force: { is_current: true } });
    await replaceProgram(() => pinned(/link_1_/));
    expect(await list()).toMatchObject({ enforcing: false, in_force: { is_current: false } });
  });

  test('without program and loader, nothing is in force', async () => {
    await rulesRun('add', 'deny', '203.0.113.9');
    expect((await rulesRun('list')).stdout).toMatch(/^Not in force: no program is attached\.$/m);
    expect(await list()).toMatchObject({ enforcing: false, pinned: false, in_force: { by: 'none', interfaces: [] } });
  });
});
