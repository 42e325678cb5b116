/** `packetlog rules` in scripts: repeated commands, many lines at once, lists that fail. Needs root. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPacketlogWithInput } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesReading, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const USAGE = 2;
const NOT_FOUND = 5;
const LOCKOUT = 8;
const CHANGED = 9;

describe.skipIf(!requireRoot())('rules for scripts', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  beforeEach(async () => {
    place = makeRulesPlace();
    const packetlog = suite.own(await startEnforcing(suite.network.server, place, '--print', 'none'));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  });
  afterEach(() => place.remove());

  const run = (...args: string[]) => rules(suite.network.server, place, ...args);
  const reading = (input: string, ...args: string[]) => rulesReading(suite.network.server, place, input, ...args);
  const sources = async () => (await listed(place)).rules.map(({ source }) => source);

  test('a repeated ban stays one rule and is removed by its address', async () => {
    const { client, link } = suite.network;
    const ban = ['add', 'deny', link.client.ipv4, '--for', '600s', '--reason', 'fail2ban sshd'];
    expect(await run(...ban)).toMatchObject({ code: 0, stdout: 'Added rule 1.\n' });
    const again = await run('add', 'deny', `::ffff:${link.client.ipv4}`, '--for', '1h');
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Rule 1 already has this action and match .*expires in (1 h|59 min)/),
    });
    expect(again.stderr).toMatch(/was read as 192\.0\.2\.\d+: packets from IPv4-mapped addresses are IPv4/);
    expect((await listed(place)).rules).toMatchObject([{ id: 1, source: link.client.ipv4 }]);
    await sendUdp(client, { address: link.server.ipv4, count: 5 });
    await until(async () => (await listed(place)).rules[0]?.packets === 5, { what: 'five packets to be denied' });

    const unban = ['remove', '--source', link.client.ipv4, '--action', 'deny'];
    expect(await run(...unban)).toMatchObject({ code: 0, stdout: 'Removed rule 1.\n' });
    expect((await run(...unban)).code).toBe(NOT_FOUND);
  });

  test('standard input adds many rules in one change, or none', async () => {
    const many = await reading('198.51.100.1\n# scanners\n198.51.100.2\n', 'add', 'deny', '-', '--for', '1h');
    expect(many).toMatchObject({ code: 0, stdout: 'Added 2 rules.\n' });
    const faulty = await reading('198.51.100.3\n\n198.51.100.300\n', 'add', 'deny', '-');
    expect(faulty).toMatchObject({ code: USAGE, stderr: expect.stringMatching(/line 3: source: "198\.51\.100\.300"/) });
    const mixed = await reading('deny 198.51.100.3 --port 22\npermit 198.51.100.4 --reason "the office"\n', 'add', '-');
    expect(mixed).toMatchObject({ code: 0, stdout: 'Added 2 rules.\n' });
    const { entries } = await done(place, 'audit', {});
    expect(entries.map(({ what, after }) => `${what} ${after?.rules?.length}`)).toEqual(['add 2', 'add 2']);

    const missing = await reading('198.51.100.1\n198.51.100.9\n', 'remove', '-');
    expect(missing).toMatchObject({ code: NOT_FOUND, stderr: expect.stringMatching(/line 2: There is no rule with/) });
    expect(await sources()).toHaveLength(4);
    expect((await reading('198.51.100.1\n3\n198.51.100.2\n', 'remove', '-')).stdout).toBe(
      'Removed rule 3, rule 1, rule 2.\n',
    );
    expect(await sources()).toEqual(['198.51.100.4']);
  });

  test('empty standard input is an error', async () => {
    for (const args of [
      ['add', 'deny', '-'],
      ['remove', '-'],
      ['import', '-', '--set', 'drop'],
    ]) {
      const { code, stderr } = await reading('# moved\n', ...args);
      expect({ args, code }).toEqual({ args, code: USAGE });
      expect(stderr).toMatch(/no lines|holds no network/);
    }
    expect((await reading('', 'import', '-', '--set', 'drop', '--allow-empty')).stderr).toMatch(/set drop is empty/);
    expect(await listed(place)).toMatchObject({ sets: [{ name: 'drop', entries: 0 }] });
  });

  test('a list whose writer pauses is read to its end before any of it is in force', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `198.${18 + (i >>> 16)}.${(i >>> 8) & 255}.${i & 255}\n`);
    const half = lines.slice(0, 15_000).join('');
    const command = suite.own(
      startPacketlogWithInput(suite.network.server, {
        args: ['rules', 'import', '-', '--set', 'slow'],
        env: place.env,
      }),
    );
    // More than a pipe holds: the command has read it when this resolves.
    await command.write(half);
    expect((await listed(place)).sets).toEqual([]);
    await command.write(lines.slice(15_000).join(''));
    command.endInput();
    expect((await command.exited).code, command.stderr).toBe(0);
    expect((await listed(place)).sets).toMatchObject([{ name: 'slow', entries: 30_000 }]);
  });

  test('a rule that cannot match is rejected or gets a warning', async () => {
    const header = await run('add', 'deny', '2001:db8::/32', '--protocol', '43');
    expect(header).toMatchObject({ code: USAGE, stderr: expect.stringMatching(/routing extension header/) });
    const elsewhere = await run('add', 'deny', '192.0.2.9', '--interface', 'wan7');
    expect(elsewhere).toMatchObject({ code: 0, stderr: expect.stringMatching(/wan7 is not watched \(server0 is\)/) });
    expect((await run('list')).stdout).toMatch(/^Rule 1: It matches no packet now: interface wan7/m);
  });

  test('wrong usage, such as an edit without a change, has the exit code for usage', async () => {
    const wrong = [['frob'], ['list', '--frob'], ['add'], ['add', 'deny'], ['edit', '1'], ['remove'], ['policy']];
    for (const args of wrong) expect({ args, code: (await run(...args)).code }).toEqual({ args, code: USAGE });
  });

  test('an export contains the networks in force, not the skipped lines', async () => {
    const list = place.path('drop.txt');
    writeFileSync(list, '# noise\n203.0.113.0/24 ; SBL1\nexample.org\n2001:DB8::1\n::ffff:192.0.2.77\n');
    expect((await run('import', list, '--skip-bad')).stdout).toMatch(/3 networks; .*Skipped: 1 line\./);
    expect((await run('export', '--set', 'drop')).stdout).toBe('203.0.113.0/24\n192.0.2.77\n2001:db8::1\n');
  });

  test('apply is idempotent: equal rules keep their counters, and the exit code reports changes', async () => {
    const { client, link } = suite.network;
    const file = place.path('wanted.json');
    const write = (...wanted: object[]) => writeFileSync(file, JSON.stringify({ version: 1, rules: wanted }));
    const denied = { action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: 9 };
    await done(place, 'add', { rule: { action: 'observe', source: '203.0.113.9' } });
    write(denied, { action: 'deny', source: '198.51.100.0/24', reason: 'noise' });

    const check = await run('apply', file, '--check');
    expect(check).toMatchObject({
      code: CHANGED,
      stdout: expect.stringMatching(/^- rule 1: observe 203\.0\.113\.9$/m),
    });
    expect(check.stdout).toContain(`+ deny ${link.client.ipv4} to udp port 9\n`);
    expect(await sources()).toEqual(['203.0.113.9']);
    expect((await run('apply', file)).code).toBe(0);
    await sendUdp(client, { address: link.server.ipv4, count: 6, ports: [9] });
    await until(async () => (await listed(place)).rules[0]?.packets === 6, { what: 'six packets to be denied' });
    const { revision } = await listed(place);
    expect(await run('apply', file, '--detailed-exitcodes')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/nothing to change/),
    });
    expect((await run('apply', file, '--check')).code).toBe(0);
    expect(await listed(place)).toMatchObject({ revision });

    write({ ...denied, reason: 'known' });
    const changed = await run('apply', file, '--diff', '--detailed-exitcodes');
    expect(changed).toMatchObject({ code: CHANGED, stdout: expect.stringMatching(/^~ rule 2: .*because: known$/m) });
    expect((await listed(place)).rules).toMatchObject([{ id: 2, packets: 6, reason: 'known' }]);
    expect((await run('undo')).code).toBe(0);
    expect(await sources()).toEqual([link.client.ipv4, '198.51.100.0/24']);
  });

  test('apply passes the lockout guard, and a risky change waits for confirmation', async () => {
    const file = place.path('wanted.json');
    const write = (content: object) => writeFileSync(file, JSON.stringify({ version: 1, rules: [], ...content }));
    write({ rules: [{ action: 'deny', source: '198.51.100.7' }], protect: ['198.51.100.0/24'] });
    for (const option of [['--check'], []]) {
      const { code, stderr } = await run('apply', file, ...option);
      expect({ option, code }).toEqual({ option, code: LOCKOUT });
      expect(stderr).toContain('198.51.100.0/24');
    }
    expect(await sources()).toEqual([]);
    write({ rules: [{ action: 'deny', source: '64.0.0.0/4' }] });
    expect((await run('apply', file, '--check')).stdout).toMatch(/would need confirmation: .*wider than/);
    expect((await run('apply', file)).stdout).toMatch(/To keep it: packetlog rules confirm/);
    expect((await listed(place)).pending).toBeDefined();
    expect((await run('revert')).code).toBe(0);
    writeFileSync(file, '{"version":1,"rules":[{"action":"deny","source"');
    expect((await run('apply', file)).code).toBe(USAGE);
  });
});
