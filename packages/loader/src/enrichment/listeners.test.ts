import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { listenerSchema } from '@packetlog/common';
import { expect, it } from 'vitest';
import { Listeners } from './listeners.ts';

it('finds the TCP and UDP sockets of this process, except connected ones', async () => {
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const connected = createSocket('udp4');
  connected.connect((tcp.address() as AddressInfo).port, '127.0.0.1');
  await once(connected, 'connect');
  try {
    const found = await new Listeners().find();
    for (const each of found) listenerSchema.parse(each);
    const ours = found.filter(({ pid }) => pid === process.pid);
    const has = (ip_protocol: number, port: number) =>
      ours.some((each) => each.ip_protocol === ip_protocol && each.port === port && each.process !== '');
    expect(has(6, (tcp.address() as AddressInfo).port)).toBe(true);
    expect(has(17, udp.address().port)).toBe(true);
    expect(has(17, connected.address().port)).toBe(false);
  } finally {
    tcp.close();
    udp.close();
    connected.close();
  }
});
