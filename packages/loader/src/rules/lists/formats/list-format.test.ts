import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddressList } from '../address-list.ts';
import { parseAddressList } from '../parse-address-list.ts';

function read(content: string | Uint8Array) {
  const parsed = parseAddressList(typeof content === 'string' ? new TextEncoder().encode(content) : content);
  return { ...parsed, networks: formatAddressList(parsed.list).split('\n').filter(Boolean) };
}

/** Returns the problem that is reported when nothing is read. */
const problem = (content: string | Uint8Array) => {
  const { networks, badLines } = read(content);
  return networks.length > 0 ? networks : badLines[0]?.problem;
};

const PLAIN = '192.0.2.1\n198.51.100.0/24\n';
const NETWORKS = ['192.0.2.1', '198.51.100.0/24'];

describe('a list is decompressed and decoded', () => {
  it.each([
    ['gzip', gzipSync(PLAIN), /gzip/],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${PLAIN}`, 'utf16le'), /UTF-16/],
    ['UTF-16, big-endian', Buffer.from(`\ufeff${PLAIN}`, 'utf16le').swap16(), /UTF-16/],
    ['UTF-16 without a mark', Buffer.from(PLAIN, 'utf16le'), /UTF-16/],
    ['UTF-16 in gzip', gzipSync(Buffer.from(`\ufeff${PLAIN}`, 'utf16le')), /UTF-16/],
  ])('from %s, and that is said', (_, bytes, said) => {
    const { networks, badLineCount, notes } = read(new Uint8Array(bytes));
    expect({ networks, badLineCount }).toEqual({ networks: NETWORKS, badLineCount: 0 });
    expect(notes.join()).toMatch(said);
  });

  it.each(['# comment\n', '\n', '; x\n', ''])('with a byte order mark before %j', (first) => {
    expect(read(`\ufeff${first}${PLAIN}`)).toMatchObject({ networks: NETWORKS, badLineCount: 0, notes: [] });
  });

  it.each([
    ['half of a gzip file', gzipSync(PLAIN.repeat(100)).subarray(0, 40), /damaged or incomplete/],
    ['gzip in gzip', gzipSync(gzipSync(PLAIN)), /twice/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /xz -dc FILE \|/],
    ['zip', Buffer.from('504b030414000000', 'hex'), /unzip -p FILE \|/],
  ])('but not from %s', (_, bytes, said) => {
    expect(problem(new Uint8Array(bytes))).toMatch(said);
  });

  it('never to more than a list may be', () => {
    const bomb = gzipSync(new Uint8Array(257 * 1024 * 1024), { level: 1 });
    expect(problem(new Uint8Array(bomb))).toMatch(/more than 268435456 bytes when decompressed/);
  });
});

describe('ranges', () => {
  it.each([
    ['192.0.2.0 - 192.0.2.255', ['192.0.2.0/24']],
    ['192.0.2.1-192.0.2.6', ['192.0.2.1', '192.0.2.2/31', '192.0.2.4/31', '192.0.2.6']],
    ['192.0.2.9-192.0.2.9', ['192.0.2.9']],
    ['0.0.0.0-255.255.255.255', ['0.0.0.0/0']],
    ['2001:db8:: - 2001:db8::1:ffff', ['2001:db8::/111']],
    ['add b 192.0.2.0-192.0.2.1', ['192.0.2.0/31']],
  ])('%s are networks', (text, networks) => {
    expect(read(`${text}\n`)).toMatchObject({ networks, badLineCount: 0 });
  });

  it.each(['192.0.2.9-192.0.2.1', '192.0.2.1-2001:db8::1', '192.0.2.1-', '192.0.2.1-192.0.2.2-192.0.2.3'])(
    'are not %s',
    (text) => {
      expect(read(text)).toMatchObject({ networks: [], badLineCount: 1 });
    },
  );

  it('hold exactly the addresses between their ends', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(word, word, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const { list } = read(`${text(from)}-${text(to)}`);
        let at = from;
        list.ipv4.starts.forEach((start, i) => {
          expect(start).toBe(at);
          at += 2 ** (32 - (list.ipv4.bits[i] as number));
        });
        expect(at).toBe(to + 1);
        expect(list.ipv4.starts.length).toBeLessThanOrEqual(62);
      }),
    );
  });
});

describe('a table', () => {
  it.each([
    ['with a counts column', '192.0.2.1\t57\n198.51.100.0/24\t3\n', 'column 1 has the networks'],
    [
      'with a header',
      'seen,ip,country\n"1,000",192.0.2.1,DE\n5,198.51.100.0/24,FR\n',
      'column 2 (ip) has the networks',
    ],
    ['with comments', '# feed\n\nDE,192.0.2.1\nFR,198.51.100.0/24\n', 'column 2 has the networks'],
  ])('%s is read by its one column with networks, which is said', (_, text, taken) => {
    const { networks, badLineCount, notes } = read(text);
    expect({ networks, badLineCount, notes }).toEqual({
      networks: NETWORKS,
      badLineCount: 0,
      notes: [`Read as a table: ${taken}.`],
    });
  });

  it('with range ends has those ranges', () => {
    const text = 'start_ip,end_ip,country\n192.0.2.0,192.0.2.255,DE\n2001:db8::,2001:db8::ffff,FR\n';
    expect(read(text)).toMatchObject({ networks: ['192.0.2.0/24', '2001:db8::/112'], badLineCount: 0 });
  });

  it('with several columns of addresses is rejected, and so are bad cells, by their line', () => {
    expect(problem('192.0.2.1,192.0.2.2\n192.0.2.3,192.0.2.4\n')).toMatch(/column 1 and column 2: .*cut -d, -f1 FILE/);
    const rows = Array.from({ length: 20 }, (_, i) => `192.0.2.${i},x\n`).join('');
    expect(read(`${rows}# x\nexample.org,x\n`).badLines).toMatchObject([{ line: 22, text: 'example.org' }]);
  });

  it('of words is not a list: the column is named', () => {
    expect(problem('     57 192.0.2.1\n')).toMatch(
      /second column: keep only that, for example with awk '\{print \$2\}'/,
    );
    expect(read('192.0.2.9\n192.0.2.1 57\n').badLines).toMatchObject([
      { line: 2, problem: expect.stringMatching(/second column \(57\)/) },
    ]);
  });
});

describe('JSON', () => {
  it.each([
    ['an array', '["192.0.2.1", "198.51.100.0/24"]', '[]'],
    ['objects', '[{"ip":"192.0.2.1","n":1},{"ip":"198.51.100.0/24","n":2}]', '[].ip'],
    [
      'objects in an object',
      '{"v":"1","data":{"rows":[{"ip":"192.0.2.1"},{"ip":"198.51.100.0/24"}]}}',
      'data.rows[].ip',
    ],
    ['an object by address', '{"192.0.2.1":{"n":1},"198.51.100.0/24":{"n":2}}', '[keys]'],
    ['an object a line', '{"cidr":"192.0.2.1"}\n{"cidr":"198.51.100.0/24"}\n{"type":"metadata","n":1}\n', '[].cidr'],
    [
      'a field for each family',
      '{"prefixes":[{"ipv4Prefix":"192.0.2.1"},{"ipv4Prefix":"198.51.100.0/24"},{"ipv6Prefix":"2001:db8::/32"}]}',
      'prefixes[].ipv4Prefix and prefixes[].ipv6Prefix',
    ],
  ])('%s is read by its one field with networks, which is said', (_, text, field) => {
    const { networks, badLineCount, notes } = read(text);
    expect(networks.slice(0, 2)).toEqual(NETWORKS);
    expect(badLineCount).toBe(0);
    expect(notes).toEqual([expect.stringContaining(`Read as JSON: ${field} ha`)]);
  });

  it('notes that its entries will not expire', () => {
    const { notes } = read('[{"value":"192.0.2.1","duration":"3h"},{"value":"192.0.2.2","duration":"1h"}]');
    expect(notes.join(' ')).toMatch(/\[\]\.duration was not read: entries of a set do not expire/);
  });

  it.each([
    ['{"web":["192.0.2.1"],"hooks":["192.0.2.2"],"git":["2001:db8::1"]}', /web\[\], hooks\[\], git\[\]: .*jq -r/],
    ['{"new":[{"value":"192.0.2.1"}],"deleted":[{"value":"192.0.2.2"}]}', /new\[\]\.value, deleted\[\]\.value/],
    ['{"status":"error","client":"192.0.2.1"}', /JSON without a list of addresses/],
    ['[]', /JSON without a list of addresses/],
  ])('%s is rejected: several fields, or none', (text, said) => {
    expect(problem(text)).toMatch(said);
  });

  it.each([
    ['an array', '["192.0.2.1",\n"192.0.2.2",\n"192.0.2.3",\n'],
    ['an array behind a comment', '# of today\n["192.0.2.1",\n"192.0.2.2",\n"192.0.2.3",\n'],
    ['an array of objects', '[{"ip":"192.0.2.1"},\n{"ip":"192.0.2.2"},\n{"ip":"192.0'],
    ['an object', '{"networks":\n"192.0.2.1",\n"192.0.2.2",\n"192.0.2.3"'],
    ['an array with an object a line', '[\n{"ip":"192.0.2.1"}\n'],
  ])('that is cut off is rejected, and never read as another format: %s', (_, text) => {
    expect(problem(text)).toMatch(/not valid JSON, so it may be cut off: write it again/);
    expect(problem(new Uint8Array(gzipSync(text)))).toMatch(/may be cut off/);
  });

  it('may have comments before it, and between objects that are one a line', () => {
    expect(read('# of today\n\n["192.0.2.1","198.51.100.0/24"]')).toMatchObject({
      networks: NETWORKS,
      badLineCount: 0,
    });
    const lines = '; of today\n{"cidr":"192.0.2.1"}\n# more\n{"cidr":"198.51.100.0/24"}\n';
    expect(read(lines)).toMatchObject({ networks: NETWORKS, badLineCount: 0 });
  });

  it('with an object per line rejects each bad line by its number, and reads the others', () => {
    const invalid = 'is not a valid JSON object with a network: correct it, or delete the line';
    const { networks, badLines, badLineCount, notes } = read(
      [
        '# of today',
        '{"ip":"192.0.2.1","n":1}',
        '{"ip":"192.0.2.2","n":',
        '',
        '{"ip":"example.org","n":3}',
        'example.com',
        '{"ip":"198.51.100.0/24"} # a comment',
        '{"ip":"192.0',
      ].join('\n'),
    );
    expect(networks).toEqual(NETWORKS);
    expect(badLineCount).toBe(4);
    expect(badLines).toMatchObject([
      { line: 3, text: '{"ip":"192.0.2.2","n":', problem: invalid },
      { line: 5, text: 'example.org', problem: expect.stringMatching(/^is neither an address nor a network/) },
      { line: 6, text: 'example.com', problem: expect.stringMatching(/^is neither an address nor a network/) },
      { line: 8, text: '{"ip":"192.0', problem: invalid },
    ]);
    expect(notes).toEqual(['Read as JSON: [].ip has the networks.']);
  });

  it.each([
    ['a plain last line', '{"cidr":"192.0.2.1"}\n198.51.100.0/24', NETWORKS, []],
    ['a bad first line', '{"cidr":"192.0\n{"cidr":"192.0.2.1"}\n{"cidr":"198.51.100.0/24"}\n', NETWORKS, [1]],
    ['a truncated last line', '{"cidr":"192.0.2.1"}\n{"cidr":"198.51.100.0/24"}\n{"cidr":"192.0', NETWORKS, [3]],
    ['a line truncated behind its network', '{"cidr":"192.0.2.1"}\n{"cidr":"198.51.100.0/24","r', ['192.0.2.1'], [2]],
    ['no line with a network', '{"status":"error"}\n192.0.2.1\n', ['192.0.2.1'], [1]],
    [
      'families in two fields, and a line behind them',
      '{"v4":"192.0.2.1","v6":"2001:db8::1"}\n{"v4":"198.51.100.0/24","v6":"2001:db8::2"}\nx\n',
      [...NETWORKS, '2001:db8::1', '2001:db8::2'],
      [3],
    ],
  ])('with an object per line is read line by line if it has %s', (_, text, networks, bad) => {
    const list = read(text);
    expect({ networks: list.networks, bad: list.badLines.map(({ line }) => line) }).toEqual({ networks, bad });
    expect(list.badLineCount).toBe(bad.length);
  });

  it('is not what a section of a configuration file begins', () => {
    const { networks, badLines } = read(`[blocked networks]\n${PLAIN}`);
    expect(networks).toEqual(NETWORKS);
    expect(badLines).toMatchObject([{ line: 1, text: '[blocked networks]' }]);
  });

  it('has invalid values as bad lines', () => {
    const { networks, badLines } = read('["192.0.2.1","example.org","198.51.100.0/24"]');
    expect(networks).toEqual(NETWORKS);
    expect(badLines).toMatchObject([{ line: 2, text: 'example.org' }]);
  });
});

describe('ipset save', () => {
  it('of several sets is rejected where the second begins', () => {
    const { networks, badLines } = read('create a hash:ip\nadd a 192.0.2.1\ncreate b hash:ip\nadd b 192.0.2.2\n');
    expect(networks).toEqual(['192.0.2.1']);
    expect(badLines).toMatchObject([
      { line: 4, problem: expect.stringMatching(/belongs to ipset set b, .* to a: select one with --ipset/) },
    ]);
  });

  it('with timeouts is rejected, since a set has none', () => {
    const { badLines } = read('add a 192.0.2.1 timeout 0\nadd a 192.0.2.2 timeout 600\n');
    expect(badLines).toMatchObject([
      { line: 2, problem: expect.stringMatching(/expires \(timeout\).*packetlog rules add - .* --for 10m/) },
    ]);
  });
});

describe('firewalls', () => {
  const nft = (elements: string, more = '') =>
    `table inet filter {\n\tset bl {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { ${elements} }\n\t}\n${more}}\n`;

  it.each([
    ['nft list set', nft('192.0.2.1 counter packets 5 bytes 9 comment "a, b",\n\t\t\t198.51.100.0-198.51.100.255')],
    [
      'iptables-save',
      '# x\n*filter\n:INPUT ACCEPT [0:0]\n-A bl -s 192.0.2.1/32 -j DROP\n-A bl -s 198.51.100.0/24 -j REJECT --reject-with icmp-port-unreachable\n-A bl -j RETURN\nCOMMIT\n',
    ],
    ['hosts.deny', '# x\nALL: 192.0.2.1\nALL: 198.51.100.0/255.255.255.0\n'],
    ['hosts.deny with a prefix', 'ALL: 192.0.2.1 198.51.100.\n'],
  ])('%s is read, which is said', (_, text) => {
    const { networks, badLineCount, notes } = read(text);
    expect({ networks, badLineCount }).toEqual({ networks: NETWORKS, badLineCount: 0 });
    expect(notes).toEqual([expect.stringMatching(/^Read as /)]);
  });

  it.each([
    [
      'several sets',
      nft('192.0.2.1', '\tset other {\n\t\telements = { 192.0.2.2 }\n\t}\n'),
      /several sets \(bl, other\)/,
    ],
    ['timeouts', nft('192.0.2.1 timeout 1h expires 59m'), /expires \(timeout\)/],
    [
      'rules with ports',
      '*filter\n-A INPUT -s 192.0.2.1/32 -p tcp --dport 22 -j DROP\nCOMMIT\n',
      /rules with more conditions/,
    ],
    ['rules that permit', '*filter\n-A INPUT -s 192.0.2.1/32 -j ACCEPT\nCOMMIT\n', /rules with more conditions/],
    ['one service', 'sshd: 192.0.2.1\n', /services one by one \(sshd\).*--port 22/],
  ])('with %s are rejected: a set would say something else', (_, text, said) => {
    expect(problem(text)).toMatch(said);
  });
});

it('any beginning of a list is read in linear time', () => {
  const long = 1 << 19;
  const odd = [
    '# '.repeat(long),
    `table ${'add element '.repeat(long / 6)}`,
    `table ${'elements = { '.repeat(long / 6)}`,
    `ALL: ${'['.repeat(long)}`,
    `a${' ,a'.repeat(long / 2)}`,
    `-A x ${'-s '.repeat(long)}`,
    `{"a":${'['.repeat(long)}`,
    '\r'.repeat(long),
    `${'\r '.repeat(long / 2)}[`,
    `x,${'"'.repeat(long)}`,
    '1.'.repeat(long),
  ];
  for (const text of odd) expect(read(text).networks).toEqual([]);
});
