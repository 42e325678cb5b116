import { describe, expect, it } from 'vitest';
import { tcpFlagsLetters, tcpFlagsMeaning, tcpFlagsText } from './tcp-flags.ts';

describe('TCP flags', () => {
  it.each([
    [0x00, '', ''],
    [0x01, 'FIN', 'F'],
    [0x02, 'SYN', 'S'],
    [0x04, 'RST', 'R'],
    [0x08, 'PSH', 'P'],
    [0x10, 'ACK', '.'],
    [0x20, 'URG', 'U'],
    [0x40, 'ECE', 'E'],
    [0x80, 'CWR', 'W'],
    [0x11, 'FIN ACK', 'F.'],
    [0x12, 'SYN ACK', 'S.'],
    [0x14, 'RST ACK', 'R.'],
    [0x18, 'PSH ACK', 'P.'],
    [0xc2, 'SYN ECE CWR', 'SEW'],
    [0x29, 'FIN PSH URG', 'FPU'],
    [0xff, 'FIN SYN RST PSH ACK URG ECE CWR', 'FSRP.UEW'],
  ])('writes flags %i as "%s" and "%s"', (flags, words, letters) => {
    expect([tcpFlagsText(flags), tcpFlagsLetters(flags)]).toEqual([words, letters]);
  });
});

describe('tcpFlagsMeaning', () => {
  it.each([
    [0x02, 'opens a connection'],
    [0xc2, 'opens a connection'],
    [0x12, 'accepts a connection'],
    [0x10, 'acknowledges, or carries data'],
    [0x18, 'carries data to be delivered at once'],
    [0x11, 'ends its half of a connection'],
    [0x04, 'aborts a connection'],
    [0x14, 'rejects or aborts a connection'],
    [0x00, 'has no flags: no valid sender does this'],
    [0x29, 'has only FIN, PSH and URG (Christmas tree scan): no valid sender does this'],
    [0x01, 'ends without a connection: no valid sender does this'],
    [0x03, 'opens and ends at once: no valid sender does this'],
    [0x08, 'acknowledges nothing: no valid sender does this'],
  ])('describes a packet with flags %i', (flags, meaning) => {
    expect(tcpFlagsMeaning(flags)).toBe(meaning);
  });

  it('describes every byte', () => {
    for (let flags = 0; flags < 256; flags++) expect(tcpFlagsMeaning(flags)).toMatch(/^[a-z]/);
  });
});
