/** Packets of every protocol: from sockets where the kernel has the protocol, otherwise as raw frames. Needs root. */
import { ACTIONS, REASONS } from '@packetlog/common';
import { describe, expect, test } from 'vitest';
import { unplugged } from '../lab/arrival.ts';
import { arp, ethernet, fragment, icmp, icmpv6, ipv4, ipv6, PROTOCOL, sctp, udp, vlan } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { discrepancies, type JsonRecord, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const SYN = 2;
const FIN = 1;

describe.skipIf(!requireRoot())('every protocol', () => {
  const suite = eachWithNetwork();

  /** Runs packetlog during `traffic`; resolves with its output. */
  async function watch(traffic: () => Promise<void>, mode = 'auto'): Promise<JsonRecord[]> {
    const { server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--mode', mode];
    const packetlog = suite.own(startPacketlog(server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await traffic();
    const { rx } = await unplugged(link, packetlog);
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(discrepancies(ledger)).toEqual([]);
    expect(ledger.interfaces[link.server.device]?.seen).toBe(records.length);
    expect([rx.packets, (await link.server.counters()).rx.packets]).toEqual([records.length, records.length]);
    return records;
  }

  for (const mode of ['native', 'generic']) {
    test(`a TCP connection is recorded from handshake to end (${mode})`, async () => {
      const { client, server, link } = suite.network;
      let sourcePorts: number[] = [];
      let port = 0;
      const records = await watch(async () => {
        ({ port } = await startTcpEcho(server, link.server.ipv4));
        const result = await exchangeTcp(client, { address: link.server.ipv4, port, bytes: 5000 });
        expect(result.echoed).toBe(5000);
        ({ sourcePorts } = result);
      }, mode);
      const tcp = records.filter(({ ip_protocol }) => ip_protocol === 6);
      expect(tcp.length).toBeGreaterThanOrEqual(4);
      for (const { src_addr, dst_addr, src_port, dst_port } of tcp) {
        expect({ src_addr, dst_addr, src_port, dst_port }).toEqual({
          src_addr: link.client.ipv4,
          dst_addr: link.server.ipv4,
          src_port: sourcePorts[0],
          dst_port: port,
        });
      }
      expect(tcp.filter(({ tcp_flags }) => tcp_flags === SYN)).toHaveLength(1);
      expect(tcp.some(({ tcp_flags }) => (tcp_flags & FIN) !== 0)).toBe(true);
    });
  }

  test('IPv6 datagrams and connections are printed with RFC 5952 addresses', async () => {
    const { client, server, link } = suite.network;
    const address = link.server.ipv6 ?? '';
    const records = await watch(async () => {
      expect((await sendUdp(client, { address, count: 7, ports: [5353] })).sent).toBe(7);
      const { port } = await startTcpEcho(server, address);
      await exchangeTcp(client, { address, port });
    });
    const udp = records.filter(({ ip_protocol }) => ip_protocol === 17);
    expect(udp).toHaveLength(7);
    expect(udp[0]).toMatchObject({
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      dst_port: 5353,
      ether_type: 0x86dd,
    });
    expect(records.some(({ ip_protocol }) => ip_protocol === 6)).toBe(true);
  });

  test('frames that no socket sends are recorded: echo, VLAN, QinQ, fragments, SCTP, ARP, truncated frames', async () => {
    const { link } = suite.network;
    const v4 = { src: link.client.ipv4, dst: link.server.ipv4 };
    const v6 = { src: link.client.ipv6 ?? '::1', dst: link.server.ipv6 ?? '::1' };
    const datagram = ipv4(v4, udp({ src: 1111, dst: 2222 }, [1, 2, 3, 4]));
    const frames = [
      ethernet(ipv4(v4, icmp({ type: 8 }, [0, 1, 0, 1]))),
      ethernet(ipv6(v6, icmpv6({ type: 128 }, [0, 1, 0, 1]))),
      ethernet(vlan(42, datagram)),
      ethernet(vlan(100, vlan(200, datagram), { tpid: 0x88a8 })),
      ethernet(vlan(0, datagram, { priority: 5 })),
      ethernet(ipv6(v6, fragment(udp({}, new Uint8Array(16)), { offset: 8 }))),
      ethernet(ipv4(v4, sctp({ src: 3333, dst: 4444 }))),
      ethernet(arp()),
      ethernet(datagram).subarray(0, 36),
    ];
    const records = await watch(async () => {
      expect((await sendFrames(link.client, frames)).sent).toBe(frames.length);
    });
    const seen = records.map((r) => [r.ip_protocol, r.src_port, r.dst_port, r.vlan_id, r.reason]);
    expect(seen).toEqual([
      [PROTOCOL.icmp, 0, 8 * 256, 0, 'none'],
      [PROTOCOL.icmpv6, 0, 128 * 256, 0, 'none'],
      [17, 1111, 2222, 42, 'none'],
      [17, 1111, 2222, 100, 'none'],
      [17, 1111, 2222, 4096, 'none'],
      [17, 0, 0, 0, 'fragment'],
      [PROTOCOL.sctp, 3333, 4444, 0, 'none'],
      [255, 0, 0, 0, 'not_ip'],
      [17, 0, 0, 0, 'truncated'],
    ]);
    expect(records.every(({ action }) => ACTIONS[action as keyof typeof ACTIONS] === ACTIONS.permit)).toBe(true);
    expect(records.every(({ reason }) => reason in REASONS)).toBe(true);
  });
});
