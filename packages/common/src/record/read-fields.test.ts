import { describe, expect, it } from 'vitest';
import { REASONS, type Reason } from './layout.ts';
import { addressesRead, icmpRead, isLaterFragment, portsRead, type ReadFacts, tcpFlagsRead } from './read-fields.ts';

const NOTHING: ReadFacts = {
  src_addr: '::',
  dst_addr: '::',
  src_port: 0,
  dst_port: 0,
  ether_type: 0x0800,
  ip_protocol: 255,
  tcp_flags: 0,
  reason: REASONS.none,
};
const record = (reason: Reason, fields: Partial<ReadFacts>): ReadFacts => ({
  ...NOTHING,
  ...fields,
  reason: REASONS[reason],
});

describe('fields that were read', () => {
  it.each<[Reason, Partial<ReadFacts>, boolean]>([
    ['truncated', {}, false],
    ['none', { src_addr: '0.0.0.0', dst_addr: '0.0.0.0' }, true],
    ['truncated', { ether_type: 0x86dd }, false],
    ['malformed', { ether_type: 0x86dd }, false],
    ['default_policy', { ether_type: 0x86dd }, false],
    ['none', { ether_type: 0x86dd }, true],
    ['truncated', { ether_type: 0x86dd, ip_protocol: 17 }, true],
    ['default_policy', { ether_type: 0x86dd, dst_addr: 'ff02::1', ip_protocol: 255 }, true],
    ['not_ip', { ether_type: 0x0806 }, false],
  ])('addresses, %s %j: %s', (reason, fields, read) => {
    expect(addressesRead(record(reason, fields))).toBe(read);
  });

  it.each<[Reason, Partial<ReadFacts>, boolean]>([
    ['none', { ip_protocol: 17 }, true],
    ['malformed', { ip_protocol: 6 }, true],
    ['truncated', { ip_protocol: 6 }, false],
    ['truncated', { ip_protocol: 6, dst_port: 443 }, true],
    ['truncated', { ip_protocol: 6, tcp_flags: 2 }, true],
    ['fragment', { ip_protocol: 17 }, false],
    ['rule', { ip_protocol: 17 }, false],
    ['rule', { ip_protocol: 6, tcp_flags: 2 }, true],
    ['none', { ip_protocol: 1, dst_port: 0x0800 }, false],
  ])('ports, %s %j: %s', (reason, fields, read) => {
    expect(portsRead(record(reason, fields))).toBe(read);
  });

  it.each<[Reason, Partial<ReadFacts>, boolean]>([
    ['none', { ip_protocol: 6 }, true],
    ['rule', { ip_protocol: 6, dst_port: 443 }, true],
    ['truncated', { ip_protocol: 6, dst_port: 443 }, false],
    ['truncated', { ip_protocol: 6, dst_port: 443, tcp_flags: 2 }, true],
    ['fragment', { ip_protocol: 6 }, false],
    ['none', { ip_protocol: 17, dst_port: 443 }, false],
  ])('TCP flags, %s %j: %s', (reason, fields, read) => {
    expect(tcpFlagsRead(record(reason, fields))).toBe(read);
  });

  it.each<[Reason, Partial<ReadFacts>, boolean]>([
    ['fragment', { ip_protocol: 1 }, true],
    ['fragment', { ip_protocol: 17 }, true],
    ['rule', { ip_protocol: 17 }, true],
    ['limit', { ip_protocol: 6 }, true],
    ['rule', { ip_protocol: 17, dst_port: 53 }, false],
    ['rule', { ip_protocol: 1 }, false],
    ['truncated', { ip_protocol: 17 }, false],
    ['none', { ip_protocol: 17 }, false],
  ])('a later fragment, %s %j: %s', (reason, fields, isFragment) => {
    expect(isLaterFragment(record(reason, fields))).toBe(isFragment);
  });

  it.each<[Reason, Partial<ReadFacts>, boolean]>([
    ['none', { ip_protocol: 1 }, true],
    ['rule', { ip_protocol: 1 }, true],
    ['truncated', { ip_protocol: 1 }, false],
    ['truncated', { ip_protocol: 1, dst_port: 0x0800 }, true],
    ['fragment', { ip_protocol: 58 }, false],
    ['none', { ip_protocol: 17, dst_port: 0x0800 }, false],
  ])('ICMP type and code, %s %j: %s', (reason, fields, read) => {
    expect(icmpRead(record(reason, fields))).toBe(read);
  });
});
