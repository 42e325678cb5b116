/** 100,000 datagrams of known content: each one is recorded or counted. Needs root. */
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const COUNT = 100_000;
const PAYLOAD = 32;
const HEADERS = 14 + 20 + 8;
const SOURCE_PORTS = [40_001, 40_002, 40_003];
const PORTS = [53, 443, 5000, 65_535];

describe.skipIf(!requireRoot())('100,000 datagrams', () => {
  const suite = eachWithNetwork();

  test.each([
    ['array', 'auto'],
    ['array', 'precise'],
    ['array', 'cached'],
    ['ring', 'precise'],
    ['perf', 'precise'],
  ])('are seen, recorded and printed, each one right, and all sums agree (%s, %s clock)', async (transport, clock) => {
    const { client, server, link } = suite.network;
    const packetlog = suite.own(
      startPacketlog(server, {
        args: [
          '--iface',
          link.server.device,
          '--print',
          'json',
          '--listen',
          'off',
          '--transport',
          transport,
          '--clock',
          clock,
        ],
      }),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const startNs = BigInt(Date.now()) * 1_000_000n;
    const options = { count: COUNT, sourcePorts: SOURCE_PORTS, ports: PORTS, payloadBytes: PAYLOAD };
    const { sent, errors } = await sendUdp(client, { address: link.server.ipv4, ...options });
    const endNs = BigInt(Date.now() + 1000) * 1_000_000n;
    expect({ sent, errors }).toEqual({ sent: COUNT, errors: {} });
    await untilArrived(link.server, COUNT);
    expect(await packetlog.end('SIGTERM', 60_000)).toEqual({ code: 0, signal: null });

    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    const counters = ledger.interfaces[link.server.device];
    const { rx } = await link.server.counters();
    expect(counters).toMatchObject({
      seen: COUNT,
      permitted: COUNT,
      denied: 0,
      aborted: 0,
      bytes: COUNT * (HEADERS + PAYLOAD),
    });
    expect(rx.packets).toBe(COUNT);
    expect(counters?.emitted).toBe(records.length + ledger.delivered.dropped);
    expect(ledger.delivered.console).toBe(records.length);
    // On a busy machine the ring may have been full: those records are counted, and no others may be missing.
    expect(records.length + ledger.delivered.dropped + (counters?.ring_full ?? 0)).toBe(COUNT);
    expect(records.length).toBeGreaterThan(COUNT / 2);

    const expected = {
      src_addr: link.client.ipv4,
      dst_addr: link.server.ipv4,
      rule_id: 0,
      ifindex: link.server.ifindex,
      length: HEADERS + PAYLOAD,
      weight: 1,
      ether_type: 0x0800,
      vlan_id: 0,
      ip_protocol: 17,
      tcp_flags: 0,
      action: 'permit',
      reason: 'none',
      interface: link.server.device,
    };
    const wrong = records.filter((record) => {
      const { timestamp_ns, src_port, dst_port, ...rest } = record;
      const time = BigInt(timestamp_ns);
      const same = Object.entries(expected).every(([key, value]) => rest[key as keyof typeof rest] === value);
      const inTime = time >= startNs - 1_000_000_000n && time <= endNs;
      return (
        !(same && inTime && SOURCE_PORTS.includes(src_port) && PORTS.includes(dst_port)) ||
        Object.keys(record).length !== 16
      );
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    // Datagram i comes from source port i mod 3 and goes to port i mod 4.
    if (records.length === COUNT) {
      const pairs = new Map<string, number>();
      for (const { src_port, dst_port } of records) {
        const key = `${src_port} ${dst_port}`;
        pairs.set(key, (pairs.get(key) ?? 0) + 1);
      }
      expect(pairs.size).toBe(12);
      for (const count of pairs.values()) expect(Math.abs(count - COUNT / 12)).toBeLessThan(1);
    }
  });
});
