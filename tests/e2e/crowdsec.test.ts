/**
 * CrowdSec's decisions as rules. The bouncer is simulated: the test writes the lines that crowdsec-custom-bouncer 0.0.15
 * writes to the program's standard input. Needs root.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PACKETLOG, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { listed, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const PROGRAM = fileURLToPath(new URL('../../deploy/crowdsec/packetlog-crowdsec', import.meta.url));

/** A line of the bouncer, with the fields of a decision. */
const line = (action: 'add' | 'del', value: string, duration = '3h59m49.123456s', type = 'ban') =>
  `${JSON.stringify({ duration, id: 7, origin: 'cscli', scenario: 'manual', scope: 'Ip', type, value, action })}\n`;

describe.skipIf(!requireRoot())('CrowdSec', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let directory: string;
  beforeEach(() => {
    place = makeRulesPlace();
    directory = mkdtempSync(join(tmpdir(), 'packetlog-crowdsec-'));
    const command = join(directory, 'packetlog');
    writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${PACKETLOG} "$@"\n`);
    chmodSync(command, 0o755);
  });
  afterEach(() => {
    place.remove();
    rmSync(directory, { recursive: true });
  });

  test('decisions become rules that end with them, and are removed with them; others are left out', async () => {
    const { server, link } = suite.network;
    await server.ip(`route add default via ${link.client.ipv4}`);
    const args = ['--iface', 'server0', '--print', 'none', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await rulesDone(server, place, 'add', 'deny', '203.0.113.5', '--port', '25', '--protocol', 'tcp');

    const env = { ...process.env, ...place.env, PATH: `${directory}:${process.env['PATH']}` };
    const bouncer = server.spawn(PROGRAM, [], { env, stdio: ['pipe', 'ignore', 'inherit'] });
    const closed = new Promise((resolve) => bouncer.once('close', resolve));
    const sources = async () =>
      (await listed(place)).rules
        .filter(({ reason }) => reason === 'crowdsec')
        .map(({ source }) => source)
        .sort();
    bouncer.stdin?.write(
      [
        line('add', '203.0.113.5'),
        line('add', '2001:db8::/64', '59m0s'),
        line('add', '203.0.113.6', '500ms'),
        line('add', '203.0.113.7', '4h0m0s', 'captcha'),
        line('add', '$(reboot)'),
        // The gateway is protected: its line is rejected, and the others are added.
        line('add', link.client.ipv4),
        'not JSON\n',
        line('add', '203.0.113.8', '30s'),
      ].join(''),
    );
    await until(async () => (await sources()).length === 3, { what: 'three rules' });
    expect(await sources()).toEqual(['2001:db8::/64', '203.0.113.5', '203.0.113.8']);
    const { expires_at = '' } = (await listed(place)).rules.find(({ source }) => source === '2001:db8::/64') ?? {};
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 59 * 60_000)).toBeLessThan(60_000);

    // The first has no rule any more, and does not keep the second from being removed.
    bouncer.stdin?.write(line('del', '203.0.113.99') + line('del', '203.0.113.5'));
    await until(async () => !(await sources()).includes('203.0.113.5'), { what: 'the removal' });
    bouncer.stdin?.end(line('add', '203.0.113.10', '4h0m0s'));
    await closed;
    expect(await sources()).toEqual(['2001:db8::/64', '203.0.113.10', '203.0.113.8']);
    expect((await listed(place)).rules.map(({ source }) => source)).toContain('203.0.113.5');
    await packetlog.end();
  });
});
