import { describe, expect, it } from 'vitest';
import { icmpTypeName } from './icmp-names.ts';

describe('icmpTypeName', () => {
  it.each([
    [1, 8, 0, 'echo request'],
    [1, 0, 0, 'echo reply'],
    [1, 3, 3, 'destination unreachable: port unreachable'],
    [1, 3, 4, 'destination unreachable: fragmentation needed'],
    [1, 3, 13, 'destination unreachable: communication administratively prohibited'],
    [1, 3, 16, 'destination unreachable: code 16'],
    [1, 11, 0, 'time exceeded: time to live exceeded in transit'],
    [1, 8, 7, 'echo request: code 7'],
    [1, 128, 0, 'type 128 code 0'],
    [58, 128, 0, 'echo request'],
    [58, 129, 0, 'echo reply'],
    [58, 1, 4, 'destination unreachable: port unreachable'],
    [58, 2, 0, 'packet too big'],
    [58, 135, 0, 'neighbor solicitation'],
    [58, 8, 0, 'type 8 code 0'],
    [6, 3, 9, 'type 3 code 9'],
  ])('names protocol %d, type %d, code %d: %4$s', (protocol, type, code, name) => {
    expect(icmpTypeName(protocol, type, code)).toBe(name);
  });
});
