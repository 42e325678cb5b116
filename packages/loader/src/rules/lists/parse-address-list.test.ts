import { formatAddress, parseNetwork, unmapped } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AddressList } from './address-list.ts';
import { BAD_LINES_KEPT, parseAddressList } from './parse-address-list.ts';

const parse = (text: string) => parseAddressList(new TextEncoder().encode(text));

/** Formats networks like `192.0.2.0/24`, IPv4 first. */
function texts({ ipv4, ipv6 }: AddressList): string[] {
  const first = Array.from(
    ipv4.starts,
    (start, i) => `${[24, 16, 8, 0].map((shift) => (start >>> shift) & 255).join('.')}/${ipv4.bits[i]}`,
  );
  const second = Array.from(ipv6.bits, (bits, i) => {
    const view = new DataView(new ArrayBuffer(16));
    for (let word = 0; word < 4; word++) view.setUint32(4 * word, ipv6.words[4 * i + word] as number);
    return `${formatAddress(new Uint8Array(view.buffer))}/${bits}`;
  });
  return [...first, ...second];
}

describe('a list of networks', () => {
  it.each([
    [
      'plain addresses and networks',
      '192.0.2.1\n198.51.100.0/24\n2001:db8::/32\n',
      ['192.0.2.1/32', '198.51.100.0/24', '2001:db8::/32'],
    ],
    ['no newline at the end', '192.0.2.1', ['192.0.2.1/32']],
    ['lines that end in CR LF', '192.0.2.1\r\n192.0.2.2\r\n', ['192.0.2.1/32', '192.0.2.2/32']],
    ['a byte order mark', '\ufeff192.0.2.1\n', ['192.0.2.1/32']],
    ['blanks round everything', '  192.0.2.1 \t\n\n \n', ['192.0.2.1/32']],
    ['FireHOL', '#\n# firehol_level1\n#\n0.0.0.0/8\n1.10.16.0/20\n', ['0.0.0.0/8', '1.10.16.0/20']],
    [
      'Spamhaus',
      '; Spamhaus DROP List\n1.10.16.0/20 ; SBL256894\n2.56.192.0/22;SBL459831\n',
      ['1.10.16.0/20', '2.56.192.0/22'],
    ],
    [
      'Spamhaus as JSON',
      '{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}\n{"type":"metadata","timestamp":1}\n',
      ['1.10.16.0/20'],
    ],
    [
      'ipset save',
      'create bad hash:net family inet hashsize 1024 maxelem 65536\nadd bad 192.0.2.0/24\nadd bad 192.0.2.7 timeout 0 comment "x y"\n',
      ['192.0.2.0/24', '192.0.2.7/32'],
    ],
    [
      'IPv6 as people write it',
      '2001:DB8:0:0::1\n::\n::1/128\nfe80::/10\n1:2:3:4:5:6:7:8\n64:ff9b::192.0.2.33',
      ['2001:db8::1/128', '::/128', '::1/128', 'fe80::/10', '1:2:3:4:5:6:7:8/128', '64:ff9b::c000:221/128'],
    ],
    ['everything', '0.0.0.0/0\n::/0', ['0.0.0.0/0', '::/0']],
  ])('is read: %s', (_, text, networks) => {
    const { list, badLines } = parse(text);
    expect(badLines).toEqual([]);
    expect(texts(list)).toEqual(networks);
  });

  it('has IPv4-mapped addresses as IPv4, however they are written, and says so', () => {
    const { list, badLines, notes } = parse(
      'add b ::ffff:192.0.2.1\n::FFFF:c000:202\n::ffff:192.0.2.128/121 # half\n::ffff:0:0/96\n::fffe:c000:201\n',
    );
    expect(badLines).toEqual([]);
    expect(texts(list)).toEqual(['192.0.2.1/32', '192.0.2.2/32', '192.0.2.128/25', '0.0.0.0/0', '::fffe:c000:201/128']);
    expect(notes).toEqual(['4 IPv4-mapped addresses were read as IPv4, the first is ::ffff:192.0.2.1.']);
    expect(parse('192.0.2.1\n2001:db8::1\n').notes).toEqual([]);
  });

  it('reports what is wrong with each bad line, and reads the others', () => {
    const { list, badLines, badLineCount } = parse(
      [
        '192.0.2.1',
        'example.org',
        '10.0.0.1/8',
        '1.2.3.4/33',
        '256.1.1.1',
        '01.2.3.4',
        '192.0.2.1 and more',
        'add x 10.0.0.1 nomatch',
        'fe80::1%eth0',
        '2001:db8::1/64',
        '\u001b[31m',
        '192.0.2.2',
      ].join('\n'),
    );
    expect(texts(list)).toEqual(['192.0.2.1/32', '192.0.2.2/32']);
    expect(badLineCount).toBe(10);
    const noNetwork = 'is neither an address nor a network: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32';
    expect(badLines).toEqual([
      { line: 2, text: 'example.org', problem: noNetwork },
      { line: 3, text: '10.0.0.1/8', problem: 'has bits set behind its prefix: write 10.0.0.0/8' },
      { line: 4, text: '1.2.3.4/33', problem: 'has no prefix of 0 to 32 bits behind the slash' },
      { line: 5, text: '256.1.1.1', problem: noNetwork },
      { line: 6, text: '01.2.3.4', problem: noNetwork },
      { line: 7, text: '192.0.2.1 and more', problem: expect.stringMatching(/^has a second column \(and\).*awk/) },
      {
        line: 8,
        text: 'add x 10.0.0.1 nomatch',
        problem: 'is an exception (nomatch): remove it from the list, and add a permit rule for it',
      },
      { line: 9, text: 'fe80::1%eth0', problem: noNetwork },
      { line: 10, text: '2001:db8::1/64', problem: 'has bits set behind its prefix: write 2001:db8::/64' },
      { line: 11, text: '\ufffd[31m', problem: noNetwork },
    ]);
  });

  it('keeps the first bad lines and counts all', () => {
    const { badLines, badLineCount } = parse('x\n'.repeat(BAD_LINES_KEPT + 5));
    expect(badLines).toHaveLength(BAD_LINES_KEPT);
    expect(badLineCount).toBe(BAD_LINES_KEPT + 5);
  });

  it('reads lines that are crafted to be slow in linear time', () => {
    const blanks = ' '.repeat(1 << 20);
    const { list, badLineCount } = parse([`x${blanks}x`, `add x y${blanks}x`, `192.0.2.1${blanks}# x`].join('\n'));
    expect(badLineCount).toBe(2);
    expect(texts(list)).toEqual(['192.0.2.1/32']);
  });

  it('may be in shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(32));
    shared.set(new TextEncoder().encode('192.0.2.1\nadd x 192.0.2.2\nbad   '));
    const { list, badLineCount } = parseAddressList(shared.subarray(0, 30));
    expect(texts(list)).toEqual(['192.0.2.1/32', '192.0.2.2/32']);
    expect(badLineCount).toBe(1);
  });

  it('means what parseNetwork means, however an address is written', () => {
    const network = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 })),
    );
    fc.assert(
      fc.property(network, fc.boolean(), ([address, bits], whole) => {
        const text = whole ? address : `${address}/${bits}`;
        const { list, badLines } = parse(text);
        try {
          const { family, bytes, bits: own } = unmapped(parseNetwork(text));
          const prefix = family === 4 ? own - 96 : own;
          expect(badLines).toEqual([]);
          expect(texts(list)).toEqual([`${formatAddress(bytes)}/${prefix}`]);
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'NetworkError') throw error;
          expect(badLines).toHaveLength(1);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('may be any bytes: it never throws, and every line is a network, a bad one or nothing', () => {
    const characters = fc.constantFrom(...'0123456789abcdef.:/ #;\n\r\tadd{"}%\u0000é');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 200 }), (text) => {
        const { list, badLineCount } = parse(text);
        expect(texts(list).length + badLineCount).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: 2000 },
    );
  });
});
