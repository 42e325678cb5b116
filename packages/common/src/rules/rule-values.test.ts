import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';
import { formatIpProtocol, parseIpProtocol } from './ip-protocol.ts';
import { formatPortRange, parsePortRange } from './port-range.ts';

describe('destination ports', () => {
  it.each([
    [22, 22],
    ['22', 22],
    [0, 0],
    ['65535', 65_535],
    ['1000-2000', '1000-2000'],
    ['22-22', 22],
    ['0-65535', '0-65535'],
  ])('are read from %j and written as %j', (value, canonical) => {
    expect(formatPortRange(parsePortRange(value))).toBe(canonical);
  });

  it.each([
    ['2000-1000', '"2000-1000" ends before it begins: write 1000-2000'],
    [65_536, '"65536" is not a port: write 0 to 65535, or a range as 1000-2000'],
    [-1, '"-1" is not a port'],
    [1.5, '"1.5" is not a port'],
    ['22-', '"22-" is not a port'],
    ['ssh', '"ssh" is not a port'],
    ['', '"" is not a port'],
    ['1-2-3', '"1-2-3" is not a port'],
  ])('are rejected for %j, with what to write instead', (value, message) => {
    expect(() => parsePortRange(value)).toThrow(message);
  });
});

describe('the protocol', () => {
  it.each([
    ['tcp', 6, 'tcp'],
    ['TCP', 6, 'tcp'],
    [17, 17, 'udp'],
    ['17', 17, 'udp'],
    ['ipv6-icmp', 58, 'icmpv6'],
    ['icmp6', 58, 'icmpv6'],
    ['udp-lite', 136, 'udplite'],
    [255, 255, 255],
    ['99', 99, 99],
    [0, 0, 0],
  ])('is read from %j as %j and written as %j', (value, number, canonical) => {
    expect(parseIpProtocol(value)).toBe(number);
    expect(formatIpProtocol(number)).toBe(canonical);
  });

  it.each(['tpc', '256', '-1', '6.5', '', ' tcp'])('is rejected for %j', (value) => {
    expect(() => parseIpProtocol(value)).toThrow(/is not a protocol: write tcp, udp, icmp/);
  });

  it('parses what it formats, for all numbers', () => {
    for (let number = 0; number < 256; number++) expect(parseIpProtocol(formatIpProtocol(number))).toBe(number);
  });
});

describe('a duration', () => {
  it.each([
    ['30s', 30_000, '30 s'],
    ['90s', 90_000, '1 min 30 s'],
    ['15m', 900_000, '15 min'],
    ['1h', 3_600_000, '1 h'],
    ['1h30m', 5_400_000, '1 h 30 min'],
    ['7d', 604_800_000, '7 d'],
    ['1d2h3m4s', 93_784_000, '1 d 2 h'],
  ])('of %s is %d ms, formatted as %j', (text, milliseconds, words) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(formatDuration(milliseconds)).toBe(words);
  });

  it.each([
    ['', 'is not a duration: write 30s, 15m, 1h, 7d or 1h30m'],
    ['1', 'is not a duration'],
    ['1w', 'is not a duration'],
    ['30m1h', 'is not a duration'],
    ['-1h', 'is not a duration'],
    ['1.5h', 'is not a duration'],
    ['0s', 'is zero'],
    ['999999d', 'is more than ten years'],
  ])('is rejected for %j, with what to write instead', (text, message) => {
    expect(() => parseDuration(text)).toThrow(`${JSON.stringify(text)} ${message}`);
  });

  it('below a second is formatted as 0 s', () => {
    expect(formatDuration(999)).toBe('0 s');
  });
});
