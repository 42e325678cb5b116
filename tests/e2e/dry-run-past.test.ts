/** `packetlog rules dry-run --from` over recorded packets, against the sender's count. Needs root. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { makeRulesPlace, type RulesPlace, rules, rulesDone, rulesReading, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const SENT = 1200;
const SENT_DENIED = 300;
const PORT = 7000;

describe.skipIf(!requireRoot())('a dry run over the past', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let copy: string;
  beforeEach(() => {
    place = makeRulesPlace();
    copy = mkdtempSync(join(tmpdir(), 'packetlog-copy-'));
  });
  afterEach(() => {
    place.remove();
    rmSync(copy, { recursive: true, force: true });
  });

  test('counts exactly what the sender sent, without a loader and on a copy', async () => {
    const { client, server, link } = suite.network;
    const record = join(place.directory, 'record');
    const source = link.client.ipv4;
    const quiet = ['--print', 'none', '--sample', 'off', '--record-dir', record, '--pin', 'never'];
    const loader = suite.own(await startEnforcing(server, place, ...quiet));
    await loader.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address: link.server.ipv4, count: SENT, ports: [PORT] });
    await untilArrived(link.server, SENT);
    await rulesDone(server, place, 'add', 'deny', source, '--port', String(PORT), '--force');
    await sendUdp(client, { address: link.server.ipv4, count: SENT_DENIED, ports: [PORT] });
    await untilArrived(link.server, SENT + SENT_DENIED);
    await rulesDone(server, place, 'remove', '--source', source);
    expect(await loader.end('SIGINT')).toEqual({ code: 0, signal: null });

    cpSync(record, copy, { recursive: true });
    const file = place.path('new.json');
    const wanted = { action: 'deny', source, protocol: 'udp', destination_port: PORT, interface: 'server0' };
    writeFileSync(file, JSON.stringify({ version: 1, rules: [wanted] }));
    const json = JSON.parse(await rulesDone(server, place, 'dry-run', file, '--dir', copy, '--json')) as object;
    expect(json).toMatchObject({
      denied: { packets: SENT + SENT_DENIED },
      newly_denied: { packets: SENT, records: SENT, sources: 1 },
      by_source: [{ addr: source, packets: SENT + SENT_DENIED, newly_denied: { packets: SENT } }],
      by_port: [{ ip_protocol: 17, port: PORT, newly_denied: { packets: SENT } }],
      examples: [{ src_addr: source, interface: 'server0' }],
      incomplete: { is_partial: false, gaps: [], damaged: [] },
    });

    // A list, by the alias, in the default directory.
    const text = await rulesReading(server, place, `${source}\n`, 'test', '-', '--from', '-1h');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(
      'Would have denied 1,200 packets that were not denied then: 88,800 bytes, from 1 source.',
    );
    expect(text.stdout).toMatch(/1,200 +100\.0 % {2}UDP 7000/);
    expect(text.stdout).toMatch(/SRC IP: \S+, .*IFACE: server0, .*ACTION: permit/);

    const both = await rules(server, place, 'dry-run', file, '--dir', copy, '--against', '5');
    expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/--against.* cannot be used with .*--dir/)]);
    const turned = await rules(server, place, 'dry-run', file, '--dir', copy, '--from', '-1h', '--to', '-2h');
    expect([turned.code, turned.stderr]).toEqual([2, expect.stringContaining('the range is empty')]);
  });
});
