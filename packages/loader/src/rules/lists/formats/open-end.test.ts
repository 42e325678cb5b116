import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { endOf } from './open-end.ts';

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const FIRST = '198.51.100.0/24\n';

it.each<[string, string | Buffer, ReturnType<typeof endOf>]>([
  ['nothing', '', 'whole'],
  ['a newline', '192.0.2.1\n', 'whole'],
  ['a newline of UTF-16', utf16(`${FIRST}192.0.2.1\n`), 'whole'],
  ['a newline of UTF-16 with the bytes the other way round', utf16(`${FIRST}192.0.2.1\n`).swap16(), 'whole'],
  ['gzip', gzipSync('192.0.2.1\n'), 'of its form'],
  ['gzip, of which the last byte is a newline', Buffer.from('1f8b080a', 'hex'), 'of its form'],
  ['JSON', '[{"cidr":"192.0.2.0/24"}]', 'of its form'],
  ['JSON that is cut off behind a newline', '["192.0.2.1",\n"192.0.2.2",\n', 'of its form'],
  ['JSON behind a comment', `# of 2026-11-29\n\n["192.0.2.1",\n`, 'of its form'],
  ['JSON of UTF-16', utf16('["192.0.2.1",\n'), 'of its form'],
  ['JSON in one line', '{"networks":["192.0.2.1"]}', 'of its form'],
  ['JSON of objects a line', '{"cidr":"192.0.2.1"}\n{"cidr":"192.0.2.2"}\n', 'whole'],
  ['such JSON without the last newline', '{"cidr":"192.0.2.1"}\n{"cidr":"192.0.2.2"}', 'of its form'],
  ['such JSON with a long line', `{"cidr":"192.0.2.1"}\n{"x":"${'x'.repeat(5000)}"}`, 'of its form'],
  ['such JSON that is cut off', '{"cidr":"192.0.2.1"}\n{"cidr":"192.0', { lastLine: '{"cidr":"192.0' }],
  ['a plain line behind such JSON', '{"cidr":"192.0.2.1"}\n192.0.2.1', { lastLine: '192.0.2.1' }],
  ['a plain list of a section', '[blocked]\n192.0.2.1\n', 'whole'],
  ['the carriage return of a newline', `${FIRST}192.0.2.1\r`, 'said'],
  ['a comment', `${FIRST}# of 2026-11-2`, 'said'],
  ['a comment behind a network', `${FIRST}192.0.2.1 ; SB`, 'said'],
  ['blanks', `${FIRST}  `, 'said'],
  ['a prefix to which no digit can be added', `${FIRST}192.0.2.0/24`, 'said'],
  ['such a prefix of IPv6', `${FIRST}2001:db8::/32`, 'said'],
  ['an address', `${FIRST}192.0.2.1`, { lastLine: '192.0.2.1' }],
  ['an address of UTF-16', utf16(`${FIRST}192.0.2.1`), { lastLine: '192.0.2.1' }],
  ['an address that is all there is', '192.0.2.1', { lastLine: '192.0.2.1' }],
  ['/1, which /16 begins with', `${FIRST}10.0.0.0/1`, { lastLine: '10.0.0.0/1' }],
  ['/3, which /32 begins with', `${FIRST}10.0.0.0/3`, { lastLine: '10.0.0.0/3' }],
  ['/12 of IPv6, which /128 begins with', `${FIRST}2001:db8::/12`, { lastLine: '2001:db8::/12' }],
  [
    'a network of ipset, which nomatch may follow',
    `add a ${FIRST}add a 192.0.2.0/24`,
    { lastLine: 'add a 192.0.2.0/24' },
  ],
  ['a line that is too long to be one', ' '.repeat(3000), { lastLine: ' '.repeat(2000) }],
])('knows %s at the end of a list', (_, text, end) => {
  expect(endOf(Buffer.from(text))).toEqual(end);
});

it('does not mistake the beginning of a line for the line, unless both are the same network', () => {
  const networks = ['10.0.0.0/16', '192.0.2.17', '2001:db8::/48', '2001:db8::17/128', '10.0.0.0/32'];
  for (const network of networks) {
    const line = `${network} # noise`;
    for (let length = 1; length < network.length; length++) {
      expect(endOf(Buffer.from(FIRST + line.slice(0, length))), line.slice(0, length)).toEqual({
        lastLine: line.slice(0, length),
      });
    }
  }
});
