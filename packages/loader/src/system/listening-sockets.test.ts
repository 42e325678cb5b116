import { describe, expect, it } from 'vitest';
import { listeningSockets } from './listening-sockets.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

describe('listeningSockets', () => {
  it.each([
    ['a listening TCP socket', 6, line('0100007F:1CF3', '0A', 77), [{ ip_protocol: 6, port: 7411, inode: 77 }]],
    [
      'one on IPv6',
      6,
      line('00000000000000000000000000000000:0016', '0A', 5),
      [{ ip_protocol: 6, port: 22, inode: 5 }],
    ],
    ['an unconnected UDP socket', 17, line('00000000:0035', '07', 9), [{ ip_protocol: 17, port: 53, inode: 9 }]],
    ['no established connection', 6, line('0100007F:1CF3', '01', 77), []],
    ['no connected UDP socket', 17, line('00000000:0035', '01', 9), []],
    ['no socket that is closing and has no owner', 6, line('0100007F:1CF3', '0A', 0), []],
    ['nothing of a line it does not know', 6, 'something else', []],
  ])('finds %s', (_, protocol, text, sockets) => {
    expect(listeningSockets(`${HEAD}\n${text}\n`, protocol)).toEqual(sockets);
  });
});
