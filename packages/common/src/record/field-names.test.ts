import { describe, expect, it } from 'vitest';
import { actionName, etherTypeName, hasPorts, protocolName, reasonName } from './field-names.ts';
import { ACTIONS, REASONS } from './layout.ts';

describe('names of codes', () => {
  it('names every action and every reason', () => {
    for (const [name, code] of Object.entries(ACTIONS)) expect(actionName(code)).toBe(name);
    for (const [name, code] of Object.entries(REASONS)) expect(reasonName(code)).toBe(name);
  });

  it.each([-1, 0.5, 3, 255, Number.NaN])('names action %d unknown', (code) => {
    expect(actionName(code)).toBe('unknown');
  });

  it('names a reason of a later version unknown', () => {
    expect(reasonName(Object.keys(REASONS).length)).toBe('unknown');
    expect(reasonName(255)).toBe('unknown');
  });

  it.each([
    [1, 'ICMP'],
    [6, 'TCP'],
    [17, 'UDP'],
    [58, 'IPv6-ICMP'],
    [132, 'SCTP'],
    [136, 'UDPLite'],
    [253, 'proto 253'],
    [255, '-'],
  ])('names protocol %d %s', (number, name) => {
    expect(protocolName(number)).toBe(name);
  });

  it.each([
    [0x0800, 'IPv4'],
    [0x86dd, 'IPv6'],
    [0x0806, 'ARP'],
    [0x88cc, 'LLDP'],
    [0x88b5, '0x88b5'],
    [0x0600, '0x0600'],
    [0xffff, '0xffff'],
    [38, '802.3'],
    [1500, '802.3'],
    [1501, '0x05dd'],
  ])('names EtherType %d %s', (etherType, name) => {
    expect(etherTypeName(etherType)).toBe(name);
  });

  it('finds ports in TCP, UDP, SCTP and UDP-Lite only', () => {
    const numbers = Array.from({ length: 256 }, (_, number) => number);
    expect(numbers.filter(hasPorts)).toEqual([6, 17, 132, 136]);
  });
});
