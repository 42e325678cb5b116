import { describe, expect, it } from 'vitest';
import { tcpFlagsLetters, tcpFlagsText } from './tcp-flags.ts';

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
