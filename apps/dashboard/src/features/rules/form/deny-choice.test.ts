import { type PacketLog, REASONS } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../../test/support/samples.ts';
import { packetRow } from '../../../text/row-text.ts';
import { conflictSentence, type DenyChoice, denyDraft, networkOf, packetSource } from './deny-choice.ts';

function source(over: Partial<PacketLog> = {}) {
  const batch = makeBatch([makePacket(over)]);
  return packetSource(
    batch,
    0,
    packetRow(batch, 0, () => 'eth0'),
  );
}

const choice: DenyChoice = {
  source: 'address',
  destination: 'everything',
  action: 'deny',
  lasts: '1h',
  reason: ' login abuse ',
};

test('a packet offers its source address, its network and its destination service', () => {
  expect(source()).toMatchObject({
    addr: '203.0.113.7',
    network: '203.0.113.0/24',
    service: { protocol: 'tcp', port: 22 },
  });
  expect(source({ src_addr: '2001:db8:1:2:3::7', ether_type: 0x86dd })?.network).toBe('2001:db8:1:2::/64');
});

test('an address at the edge of its network gets that network', () => {
  expect(networkOf('0.0.0.0')).toBe('0.0.0.0/24');
  expect(networkOf('255.255.255.255')).toBe('255.255.255.0/24');
  expect(networkOf('::')).toBe('::/64');
});

test('no port is offered if none was read', () => {
  expect(source({ ip_protocol: 1, src_port: 0, dst_port: 8 * 256 })?.service).toBeNull();
});

test('a frame without addresses offers nothing', () => {
  const nothing = { ip_protocol: 255, src_addr: '::', dst_addr: '::', src_port: 0, dst_port: 0, tcp_flags: 0 };
  expect(source({ ...nothing, ether_type: 0x0806 })).toBeNull();
  expect(source({ ...nothing, reason: REASONS.truncated })).toBeNull();
  expect(source({ ...nothing, reason: REASONS.malformed, ether_type: 0x86dd })).toBeNull();
});

test('a malformed packet with an address offers its source', () => {
  expect(source({ reason: REASONS.malformed })?.addr).toBe('203.0.113.7');
});

test('the choices become a rule draft', () => {
  const packet = source();
  if (packet === null) throw new Error('no source');
  expect(denyDraft(packet, choice)).toEqual({
    action: 'deny',
    source: '203.0.113.7',
    reason: 'login abuse',
    for: '1h',
  });
  expect(
    denyDraft(packet, { ...choice, source: 'network', destination: 'service', lasts: '', action: 'observe' }),
  ).toEqual({
    action: 'observe',
    source: '203.0.113.0/24',
    protocol: 'tcp',
    destination_port: 22,
    reason: 'login abuse',
  });
});

test('a deny rule without effect, and a second one, is reported', () => {
  const packet = source({ rule_id: 7 });
  if (packet === null) throw new Error('no source');
  expect(conflictSentence(packet, [{ id: 7, action: 'permit' }])).toMatch(/permit wins/);
  expect(conflictSentence(packet, [{ id: 7, action: 'deny' }])).toMatch(/already/);
  expect(conflictSentence(packet, [{ id: 7, action: 'observe' }])).toBe('');
  expect(conflictSentence(packet, [{ id: 8, action: 'permit' }])).toBe('');
});
