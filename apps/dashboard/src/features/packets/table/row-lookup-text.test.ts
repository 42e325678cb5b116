import type { Listener } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../../test/support/samples.ts';
import { packetRow } from '../../../text/row-text.ts';
import { countryOf, lookupKey, namesOf, processesOf } from './row-lookup-text.ts';

const row = (over: Parameters<typeof makePacket>[0] = {}) => packetRow(makeBatch([makePacket(over)]), 0, () => 'eth0');

test('a process is looked up by protocol and port, country and name by the source', () => {
  expect(lookupKey('process', row())).toBe('6 22');
  expect(lookupKey('country', row())).toBe('203.0.113.7');
  expect(lookupKey('name', row())).toBe('203.0.113.7');
});

test('a packet without a port has no process, and a frame without addresses has nothing', () => {
  expect(lookupKey('process', row({ ip_protocol: 1, src_port: 0, dst_port: 8 * 256 }))).toBeNull();
  const arp = row({
    ...{ ip_protocol: 255, ether_type: 0x0806, src_addr: '::', dst_addr: '::' },
    ...{ src_port: 0, dst_port: 0, tcp_flags: 0 },
  });
  expect([lookupKey('process', arp), lookupKey('country', arp)]).toEqual([null, null]);
});

test('the processes of a port are named once each', () => {
  const listener = (process: string, port: number, pid: number): Listener => ({ ip_protocol: 6, port, pid, process });
  const listeners = [listener('nginx', 80, 1), listener('nginx', 80, 2), listener('systemd', 22, 3)];
  expect(processesOf([...listeners, listener('sshd', 22, 4)], ['6 80', '6 22', '17 80'])).toEqual({
    '6 80': 'nginx',
    '6 22': 'systemd, sshd',
    '17 80': null,
  });
});

test('names have no characters that could cover other text', () => {
  expect(namesOf({ '192.0.2.1': 'a\u202eb.example', '192.0.2.2': null })).toEqual({
    '192.0.2.1': 'a?b.example',
    '192.0.2.2': null,
  });
});

test('a country has its name, or its code', () => {
  expect(countryOf({ country: 'NZ', country_name: 'New Zealand' })).toBe('New Zealand');
  expect(countryOf({ country: 'NZ' })).toBe('NZ');
  expect([countryOf({ asn: 64_496 }), countryOf(null)]).toEqual([null, null]);
});
