/** `packetlog replay`: capture files through the program and the rules, without an interface. Needs root. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CaptureFrame, pcapFile, pcapngFile } from '../lab/capture-file.ts';
import { arp, ethernet, icmp, ipv4, ipv6, pattern, TCP, tcp, udp, vlan } from '../lab/frame.ts';
import { PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const START_NS = 1_700_000_000_000_000_000n;
const SSH = ethernet(ipv4({ src: '198.51.100.7' }, tcp({ dst: 22, flags: TCP.syn })));
const WEB = ethernet(ipv4({ src: '192.0.2.9' }, tcp({ dst: 443, flags: TCP.syn })));
const PING = ethernet(ipv6({ src: '2001:db8::7' }, udp({ dst: 53 }, pattern(20))));

interface Replayed {
  readonly capture: Record<'frames' | 'replayed' | 'outgoing' | 'too_short' | 'link_type', number>;
  readonly rules: readonly { id: number; packets: number; bytes: number }[];
}

describe.skipIf(!requireRoot())('packetlog replay', () => {
  const suite = eachWithNetwork();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-replay-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function file(name: string, content: Uint8Array | string): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  const rulesFile = (rules: readonly object[], more: object = {}) =>
    file('rules.json', JSON.stringify({ version: 1, rules, ...more }));

  const start = (...args: string[]) => suite.own(startPacketlog(suite.network.server, { args: ['replay', ...args] }));

  /** Replays to the end, and checks that every sum adds up. */
  async function replay(path: string, ...args: string[]) {
    const process = start(path, '--print', 'json', ...args);
    const { code } = await process.exited;
    const { records, ledger } = readJsonOutput(process.stdout);
    const { capture, rules } = JSON.parse(process.stdout.trim().split('\n').at(-1) ?? '{}') as Replayed;
    expect(discrepancies(ledger)).toEqual([]);
    const { frames, ...parts } = capture;
    expect(frames).toBe(Object.values(parts).reduce((sum, each) => sum + each, 0));
    const interfaces = Object.values(ledger.interfaces);
    expect(interfaces.reduce((sum, { seen }) => sum + seen, 0)).toBe(capture.replayed);
    expect(ledger.delivered.dropped).toBe(0);
    return { code, records, ledger, capture, rules, stderr: process.stderr };
  }

  test('records have the times of the file, and the verdicts of the rules; the ledger counts them', async () => {
    const frames = Array.from({ length: 5000 }, (_, i): CaptureFrame => {
      const bytes = [SSH, WEB, PING][i % 3] as Uint8Array;
      return { bytes, timestampNs: START_NS + BigInt(i * 1_000_001) };
    });
    const rules = rulesFile([
      { id: 4, action: 'deny', source: '198.51.100.0/24', protocol: 'tcp', destination_port: 22 },
      { id: 9, action: 'observe', source: '2001:db8::/32' },
    ]);
    const {
      code,
      records,
      ledger,
      capture,
      rules: hits,
      stderr,
    } = await replay(file('attack.pcap', pcapFile(frames)), '--rules', rules);
    expect(code).toBe(0);
    expect(records.map(({ timestamp_ns }) => BigInt(timestamp_ns))).toEqual(frames.map((frame) => frame.timestampNs));
    expect(records.map(({ action, reason, rule_id }) => `${action} ${reason} ${rule_id}`)).toEqual(
      frames.map((_, i) => ['deny rule 4', 'permit none 0', 'permit would_deny 9'][i % 3]),
    );
    expect(new Set(records.map((record) => record.interface))).toEqual(new Set(['attack.pcap']));
    const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    expect(ledger.interfaces['attack.pcap']).toMatchObject({ seen: 5000, denied: 1667, permitted: 3333, bytes });
    expect(capture).toEqual({ frames: 5000, replayed: 5000, outgoing: 0, too_short: 0, link_type: 0 });
    expect(hits).toEqual([
      { id: 4, packets: 1667, bytes: 1667 * SSH.length },
      { id: 9, packets: 1666, bytes: 1666 * PING.length },
    ]);
    expect(stderr).toContain(`rule 4, deny 198.51.100.0/24 to tcp port 22: 1,667 packets`);
    expect(stderr).toContain('5,000 frames, 5,000 replayed\n');
  });

  test('a rule expires at the time of the frame, to the nanosecond, in any order of the frames', async () => {
    const end = START_NS + 1_000_000n;
    const rules = rulesFile([
      { id: 1, action: 'deny', source: '198.51.100.7', expires_at: new Date(Number(end / 1_000_000n)).toISOString() },
      { id: 2, action: 'observe', source: 'any', expires_at: new Date(Number(end / 1_000_000n) + 1).toISOString() },
    ]);
    const offsets = [-1n, 0n, -1n, 999_999n, 1_000_000n, -1_000_000_000_000n, 1_000_000_000_000n];
    const frames = offsets.map((offset) => ({ bytes: SSH, timestampNs: end + offset }));
    const { records } = await replay(file('a.pcap', pcapFile(frames)), '--rules', rules);
    expect(records.map(({ rule_id }) => rule_id)).toEqual([1, 2, 1, 2, 0, 1, 0]);
  });

  test('a cut frame has its whole length, and what lies behind the cut is truncated', async () => {
    const long = ethernet(ipv4({}, tcp({ dst: 443 }, pattern(1400))));
    const cut = (bytes: number) => ({ bytes: long.subarray(0, bytes), length: long.length });
    const rules = rulesFile([{ id: 1, action: 'deny', source: 'any', protocol: 'tcp', destination_port: 443 }]);
    const { records, ledger } = await replay(
      file('a.pcap', pcapFile([cut(96), cut(38), cut(36), cut(20)])),
      '--rules',
      rules,
    );
    expect(records.map(({ length, reason, dst_port, action }) => [length, reason, dst_port, action])).toEqual([
      [long.length, 'rule', 443, 'deny'],
      [long.length, 'rule', 443, 'deny'],
      [long.length, 'truncated', 0, 'permit'],
      [long.length, 'truncated', 0, 'permit'],
    ]);
    expect(ledger.interfaces['a.pcap']).toMatchObject({ bytes: 4 * long.length });
  });

  test('interfaces of pcapng have their names and link types; --iface replaces the names', async () => {
    const bare = WEB.subarray(14);
    const path = file(
      'two.pcapng',
      pcapngFile(
        [
          { name: 'eth0', linkType: 1 },
          { name: 'wg0', linkType: 101 },
          { linkType: 1 },
          { name: 'wlan0', linkType: 127 },
        ],
        [
          { bytes: WEB, from: 0, timestampNs: START_NS },
          { bytes: bare, from: 1, timestampNs: START_NS + 1n },
          { bytes: ethernet(vlan(7, ipv4({ src: '192.0.2.9' }, icmp({ type: 8 })))), from: 2 },
          { bytes: WEB, from: 0, isOutgoing: true },
          { bytes: WEB, from: 3 },
          { bytes: new Uint8Array(13), from: 2 },
        ],
      ),
    );
    const rules = rulesFile([{ id: 1, action: 'deny', source: '192.0.2.9', interface: 'wg0' }]);
    const { code, records, capture, stderr } = await replay(path, '--rules', rules);
    expect(code).toBe(0);
    expect(records.map((record) => [record.interface, record.action, record.length, record.vlan_id])).toEqual([
      ['eth0', 'permit', WEB.length, 0],
      ['wg0', 'deny', bare.length, 0],
      ['two.pcapng', 'permit', expect.any(Number), 7],
    ]);
    expect(records.map(({ timestamp_ns }) => timestamp_ns)).toEqual([`${START_NS}`, `${START_NS + 1n}`, '0']);
    expect(capture).toEqual({ frames: 6, replayed: 3, outgoing: 1, too_short: 1, link_type: 1 });
    expect(stderr).toContain('link type 127 has neither Ethernet nor IP headers: 1 frame was not replayed.');

    const renamed = await replay(path, '--rules', rules, '--iface', 'wg0', '--filter', 'iface wg0 and deny');
    expect(renamed.records).toHaveLength(3);
    const missing = await replay(path, '--rules', rules, '--iface', 'eth9', '--filter', 'iface wg0');
    expect(missing.records).toEqual([]);
    expect(missing.ledger.delivered).toEqual({ console: 0, filtered: 3, dropped: 0 });
    expect(missing.stderr).toContain('Warning: --filter names wg0, and the capture has no frames of it.');
    expect(missing.stderr).toContain('Warning: rules for wg0 match nothing');
  });

  test('gzip, standard input and cooked captures', async () => {
    const frames = [WEB, SSH].map((bytes, i) => ({ bytes, timestampNs: BigInt(i) }));
    const { records } = await replay(file('a.pcap.gz', gzipSync(pcapFile(frames))));
    expect(records.map(({ dst_port }) => dst_port)).toEqual([443, 22]);

    const pipe = `cat "${file('a.pcap', pcapFile(frames))}" | "${process.execPath}" "${PACKETLOG}" replay - --print json`;
    const piped = suite.own(
      startProcess(suite.network.server, 'bash', ['-c', pipe], { PACKETLOG_STATE_DIR: directory }),
    );
    expect(await piped.exited).toEqual({ code: 0, signal: null });
    expect(readJsonOutput(piped.stdout).records.map(({ dst_port }) => dst_port)).toEqual([443, 22]);

    const cooked = Buffer.concat([Buffer.from('00000001000602000000000100000800', 'hex'), WEB.subarray(14)]);
    const any = await replay(file('any.pcap', pcapFile([{ bytes: cooked }], 113)));
    expect(any.records).toMatchObject([{ dst_port: 443, ether_type: 0x0800, length: WEB.length }]);
  });

  test('a damaged file: the frames before it are replayed, and the error says where', async () => {
    const whole = pcapFile([{ bytes: WEB }, { bytes: SSH }]);
    const { code, records, stderr } = await replay(file('cut.pcap', whole.subarray(0, -1)));
    expect([code, records.length]).toEqual([1, 1]);
    expect(stderr).toContain(`cut.pcap: the file ends in the middle of a frame or block, which begins at byte`);
    expect(stderr).toContain('The frame before that was replayed.');
  });

  test.each([
    [['/nonexistent.pcap'], 1, 'open /nonexistent.pcap: ENOENT'],
    [['/etc/os-release'], 1, 'the file is neither pcap nor pcapng'],
    [['/etc/os-release', '--rules', '/nonexistent.json'], 2, 'read rules /nonexistent.json: no such file'],
    [['/etc/os-release', '--filter', 'dst prot 1'], 2, 'did you mean "port"?'],
    [[], 2, "missing required argument 'file'"],
  ])('%j ends with exit code %i', async (args, code, text) => {
    const process = start(...args);
    expect((await process.exited).code).toBe(code);
    expect(process.stderr).toContain(text);
  });

  test('rules that cannot be used are an error with the file, and no other rules take their place', async () => {
    const path = file('a.pcap', pcapFile([{ bytes: WEB }]));
    for (const [rules, text] of [
      ['{"version":1,"rules":[{"action":"drop","source":"any"}]}', 'rules.0.action'],
      ['{"version":1,"rules":[{"action":"deny","source":"set:bad"}]}', 'there is no set bad'],
    ] as const) {
      const process = start(path, '--rules', file('rules.json', rules));
      expect((await process.exited).code).toBe(2);
      expect(process.stderr).toContain(text);
    }
  });

  test('nothing but an unknown link type is a failure', async () => {
    const { code, capture } = await replay(file('wifi.pcap', pcapFile([{ bytes: WEB }], 127)));
    expect([code, capture.link_type]).toEqual([1, 1]);
  });

  test('three capabilities suffice; without them the error names what is missing', async () => {
    const path = file('a.pcap', pcapFile([{ bytes: WEB }, { bytes: ethernet(arp()) }]));
    const through = (rights: string) =>
      suite.own(
        startProcess(
          suite.network.server,
          'setpriv',
          [`--bounding-set=${rights}`, `--inh-caps=${rights}`, process.execPath, PACKETLOG, 'replay', path],
          { PACKETLOG_STATE_DIR: directory },
        ),
      );
    const enough = through('-all,+bpf,+net_admin,+perfmon');
    expect(await enough.exited).toEqual({ code: 0, signal: null });
    expect(enough.stdout).toMatch(/SRC IP: 192\.0\.2\.9, SRC PORT: \d+, .*ACTION: permit\n.* PROTO: ARP/);
    const powerless = through('-all');
    expect(await powerless.exited).toEqual({ code: 4, signal: null });
    expect(powerless.stderr).toContain('CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON');
  });

  test('says what a loader did with the same packets', async () => {
    const { client, server, link } = suite.network;
    const path = join(directory, 'live.pcap');
    const rules = rulesFile([
      { id: 1, action: 'deny', source: 'any', protocol: 'udp', destination_port: '5000-5001' },
      { id: 2, action: 'observe', source: link.client.ipv4 },
    ]);
    const live = suite.own(
      startPacketlog(server, {
        args: ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--rules', rules],
      }),
    );
    await live.untilPrinted(/Waiting for Ctrl-C/);
    // The snapshot length decides how many frames its buffer holds.
    const tcpdump = ['-i', link.client.device, '-s', '256', '-w', path, '-U', '--immediate-mode', '-Z', 'root', 'udp'];
    const dump = suite.own(startProcess(client, 'tcpdump', tcpdump));
    await dump.untilPrinted(/listening on/);
    await sendUdp(client, { address: link.server.ipv4, count: 500, ports: [53, 5000, 443, 5001] });
    const lines = (text: string) => text.split('"dst_port"').length - 1;
    await live.until(({ stdout }) => lines(stdout) >= 500, '500 records');
    await until(() => pcapFrames(path) >= 500, {
      what: '500 captured frames',
      evidence: () => `${pcapFrames(path)} frames`,
    });
    await dump.end('SIGINT');
    await live.end();
    const replayed = await replay(path, '--rules', rules, '--iface', link.server.device);
    const facts = (output: typeof replayed.records) =>
      output
        .filter(({ ip_protocol }) => ip_protocol === 17)
        .map(({ timestamp_ns: _, ifindex: __, ...rest }) => JSON.stringify(rest))
        .sort();
    expect(facts(replayed.records)).toEqual(facts(readJsonOutput(live.stdout).records));
    expect(facts(replayed.records)).toHaveLength(500);
  });
});

/** Returns the number of whole frames in a pcap file of frames of any length. */
function pcapFrames(path: string): number {
  const bytes = readFileSync(path);
  let count = 0;
  for (let at = 24; at + 16 <= bytes.length; count++) at += 16 + bytes.readUInt32LE(at + 8);
  return count;
}
