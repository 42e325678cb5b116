/** `packetlog capture`: files of each format, read by other programs. Needs root. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBatches } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { eachWithNetwork } from './suite.ts';

const COUNT = 5_000;
const PORTS = [4001, 4002];
const SOURCE_PORT = 40_001;

describe.skipIf(!requireRoot())('packetlog capture', () => {
  const suite = eachWithNetwork();
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'packetlog-capture-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Captures the traffic of one sender; resolves with the file and standard error. */
  async function captured(name: string): Promise<{ file: string; stderr: string }> {
    const { client, server, link } = suite.network;
    const file = join(directory, name);
    const packetlog = suite.own(
      startPacketlog(server, { args: ['capture', '--iface', link.server.device, '-w', file] }),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const { sent } = await sendUdp(client, {
      address: link.server.ipv4,
      count: COUNT,
      ports: PORTS,
      sourcePorts: [SOURCE_PORT],
      perSecond: 50_000,
    });
    expect(sent).toBe(COUNT);
    await untilArrived(link.server, COUNT);
    expect(await packetlog.end('SIGINT', 60_000)).toEqual({ code: 0, signal: null });
    return { file, stderr: packetlog.stderr };
  }

  test('tshark reads every datagram and the interface name from the pcapng, and finds nothing malformed', async () => {
    const { link } = suite.network;
    const { file, stderr } = await captured('all.pcapng');
    expect(stderr).toContain(`${COUNT.toLocaleString('en-US')} written, 0 lost`);
    const fields = [
      'ip.src',
      'ip.dst',
      'udp.srcport',
      'udp.dstport',
      'frame.len',
      'frame.interface_name',
      '_ws.malformed',
    ];
    const { stdout } = await promisify(execFile)(
      'tshark',
      ['-n', '-r', file, '-T', 'fields', ...fields.flatMap((name) => ['-e', name]), '-Y', 'udp'],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    const lines = stdout.replace(/\n$/, '').split('\n');
    const expected = (port: number) =>
      [link.client.ipv4, link.server.ipv4, SOURCE_PORT, port, 14 + 20 + 8 + 32, link.server.device, ''].join('\t');
    expect(lines).toHaveLength(COUNT);
    expect(new Set(lines)).toEqual(new Set(PORTS.map(expected)));
  });

  test('batches, JSON lines and CSV contain every record', async () => {
    const isOurs = ({ src_port }: { src_port: number | string }) => Number(src_port) === SOURCE_PORT;
    const { file: binary } = await captured('all.packetlog');
    const records = [...readBatches(await readFile(binary))].flatMap((batch) => [...batch]);
    expect(records.filter(isOurs)).toHaveLength(COUNT);

    const { file: lines } = await captured('all.ndjson');
    const objects = (await readFile(lines, 'utf8')).trimEnd().split('\n');
    expect(objects.map((line) => JSON.parse(line) as { src_port: number }).filter(isOurs)).toHaveLength(COUNT);

    const { file: csv } = await captured('all.csv');
    const [names = '', ...rows] = (await readFile(csv, 'utf8')).trimEnd().split('\n');
    const column = names.split(',').indexOf('src_port');
    expect(rows.filter((row) => row.split(',')[column] === String(SOURCE_PORT))).toHaveLength(COUNT);
  });

  test('ends after the time of --for', async () => {
    const { server, link } = suite.network;
    const file = join(directory, 'short.csv');
    const packetlog = suite.own(
      startPacketlog(server, { args: ['capture', '--iface', link.server.device, '--for', '1s', '-w', file] }),
    );
    expect(await packetlog.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(file, 'utf8')).toMatch(/^timestamp_ns,/);
  });

  test('ends after --count records that match the filter, and reports how many were filtered', async () => {
    const { client, server, link } = suite.network;
    const file = join(directory, 'few.packetlog');
    const args = ['--iface', link.server.device, '--filter', `udp dst port ${PORTS[0]}`, '--count', '300', '-w', file];
    const packetlog = suite.own(startPacketlog(server, { args: ['capture', ...args] }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const sent = { address: link.server.ipv4, count: 1_000, ports: PORTS, perSecond: 50_000 };
    await sendUdp(client, sent);
    expect(await packetlog.exited).toEqual({ code: 0, signal: null });
    expect(packetlog.stderr).toMatch(/300 written, \d+ filtered, 0 lost/);
    const batches = [...readBatches(await readFile(file))];
    const records = batches.flatMap((batch) => [...batch]);
    expect(records).toHaveLength(300);
    expect(new Set(records.map(({ dst_port }) => dst_port))).toEqual(new Set([PORTS[0]]));
    const { offered = 0, dropped = 0, withheld = 0, filtered = 0 } = batches.at(-1) ?? {};
    expect({ offered, dropped, withheld }).toEqual({ offered: 300, dropped: 0, withheld: 0 });
    expect(filtered).toBeGreaterThan(0);
  });

  test.each([
    [['-w', 'x.csv', '--count', '0'], /Write a whole number, 1 or more/],
    [['-w', 'x.pcap'], /its name has no known extension\. Use one of \.pcapng/],
    [['-w', '/nowhere/x.csv'], /open for writing \/nowhere\/x\.csv: .*Name a file/],
    [[], /--write <file>/],
  ])('rejects %j before it attaches', async (args, words) => {
    const { server, link } = suite.network;
    const packetlog = suite.own(startPacketlog(server, { args: ['capture', '--iface', link.server.device, ...args] }));
    expect(await packetlog.exited).toEqual({ code: 2, signal: null });
    expect(packetlog.stderr).toMatch(words);
    expect(packetlog.stderr).not.toMatch(/Watching/);
  });
});
