/**
 * A filter selects the same records live, over columns, and in ClickHouse. The long form has more than a million records
 * of all captures and many more filters: FILTER_LONG=1.
 */
import {
  columnsOf,
  compileColumnFilter,
  compileFilter,
  type Filter,
  filterToSql,
  formatFilter,
  PACKET_LOG_SIZE,
  parseFilter,
} from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the filters and records that meet stand beside the filter language
import { sampleFilters, sampleInterfaces } from '../../packages/common/test/support/filter.samples.ts';
import { type ClickHouse, RECORD_COLUMNS, startClickHouse } from '../lab/clickhouse.ts';
import { SOURCES } from '../parser/captures/sources.ts';
import { manyRecords } from './many-records.ts';

const LONG = process.env['FILTER_LONG'] === '1';
const RECORDS = LONG ? 1_300_000 : 200_000;
const FILTERS = LONG ? 400 : 40;
const SEED = Number(process.env['FILTER_SEED'] ?? 0xf117e5);
/** Records of a segment's block; the last block of the test is smaller. */
const BLOCK = 65_536;
const environment = { indexesOf: (name: string) => sampleInterfaces.get(name) ?? [] };

/** Every kind of term, with and without what makes it special. */
const LISTED = [
  ...['', 'not all', 'deny', 'permit and not deny', 'action aborted', 'would_deny or reason malformed'],
  ...[
    'host 192.0.2.1',
    'src 192.0.2.1',
    'dst net 192.0.2.0/24',
    'net 0.0.0.0/0',
    'src net 128.0.0.0/2',
    'not net ::/0',
  ],
  ...['host ::', 'src net ::/0', 'net 2001:db8::/97', 'dst host ::1', 'net ::ffff:0:0/96', 'src 10.0.0.1 or 192.0.2.2'],
  ...[
    'port 443',
    'src port 0',
    'portrange 0-1023',
    'dst portrange 400-443',
    'not port 0',
    'tcp port (22 or 53 or 443)',
  ],
  ...['port 0 or 22 or 53 or 443 or 65535', '192.0.2.1:443', 'src [2001:db8::1]:53', 'udp dst port 53'],
  ...['tcp', 'proto 255', 'not (tcp or udp)', 'ip', 'ip6', 'arp', 'ether proto 0x88cc'],
  ...['icmp type 0', 'icmp type 8 code 0', 'icmp6 type 135', 'icmp type 0 code 53', 'icmp or icmp6'],
  ...['flags syn', 'flags = syn', 'flags none', 'flags syn,ack', 'not flags none', 'flags = syn and not src net 10/8'],
  ...['rule', 'rule 12', 'rule > 2147483647', 'rule != 0', 'len > 1000', 'less 60', 'len <= 65535', 'weight > 1'],
  ...['vlan', 'vlan 0', 'vlan 10', 'vlan != 0', 'not vlan', 'vlan < 100', 'vlan >= 4095', 'not vlan 0'],
  ...['iface eth0', 'iface eth1', 'iface "a \\"b\\" (c)"', 'iface gone', 'not iface nowhere', 'iface eth0 and udp'],
  ...[Array.from({ length: 100 }, (_, i) => `src 192.0.${i}.1`).join(' or ')],
  ...['(deny and port 22) or (tcp and not src net 192.0.2.0/24) or (vlan and (rule or flags syn))'],
].map((text) => parseFilter(text));

function nameOf(filter: Filter): string {
  const text = formatFilter(filter);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Returns a byte for each record. */
function byClosure(filter: Filter, records: Uint8Array): Uint8Array {
  const matches = compileFilter(filter, environment);
  const rows = new Uint8Array(records.length / PACKET_LOG_SIZE);
  for (let i = 0; i < rows.length; i++) rows[i] = matches(records, i * PACKET_LOG_SIZE) ? 1 : 0;
  return rows;
}

describe('a filter selects the same records everywhere', () => {
  const records = manyRecords(RECORDS, LONG ? SOURCES : SOURCES.slice(0, 1), SEED);
  const blocks = Array.from({ length: Math.ceil(RECORDS / BLOCK) }, (_, i) =>
    columnsOf(records.subarray(i * BLOCK * PACKET_LOG_SIZE, (i + 1) * BLOCK * PACKET_LOG_SIZE)),
  );
  let clickhouse: ClickHouse;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
    await clickhouse.query(`CREATE TABLE packets (${RECORD_COLUMNS}) ENGINE = MergeTree ORDER BY timestamp_ns`);
    await clickhouse.insert('packets', 'RowBinary', records);
  });
  afterAll(() => clickhouse?.close());

  function byColumns(filter: Filter): Uint8Array {
    const columns = compileColumnFilter(filter, environment);
    const rows = new Uint8Array(RECORDS);
    blocks.forEach((block, i) => {
      const { count, rows: found } = columns.match(block);
      const marks = found.subarray(0, block.count);
      expect(marks.reduce((sum, mark) => sum + mark, 0)).toBe(count);
      rows.set(marks, i * BLOCK);
    });
    return rows;
  }

  async function bySql(filter: Filter): Promise<Uint8Array> {
    const where = filterToSql(filter, environment);
    const answer = await clickhouse.query(`SELECT toUInt32(timestamp_ns) FROM packets WHERE ${where} FORMAT RowBinary`);
    const rows = new Uint8Array(RECORDS);
    for (const row of new Uint32Array(answer.slice().buffer)) rows[row] = 1;
    return rows;
  }

  /** Returns how many records match. */
  async function expectSame(filter: Filter): Promise<number> {
    const expected = byClosure(filter, records);
    for (const [how, found] of [
      ['columns', byColumns(filter)],
      ['SQL', await bySql(filter)],
    ] as const) {
      if (Buffer.compare(found, expected) === 0) continue;
      const row = found.findIndex((mark, i) => mark !== expected[i]);
      expect.fail(
        `${how}, record ${row}: ${found[row]} instead of ${expected[row]} for ${nameOf(filter)}\n` +
          `${Buffer.from(records.subarray(row * PACKET_LOG_SIZE, (row + 1) * PACKET_LOG_SIZE)).toString('hex')}\n` +
          filterToSql(filter, environment).slice(0, 2000),
      );
    }
    return expected.reduce((sum, mark) => sum + mark, 0);
  }

  test('ClickHouse has them all', async () => {
    expect(await clickhouse.text('SELECT count(), sum(timestamp_ns), sum(length) FROM packets')).toBe(
      [
        RECORDS,
        (RECORDS * (RECORDS - 1)) / 2,
        blocks.reduce((sum, { length }) => length.reduce((total, each) => total + each, sum), 0),
      ].join('\t'),
    );
  });

  test('with every kind of term', { timeout: 600_000 }, async () => {
    let decided = 0;
    for (const filter of LISTED) {
      const matching = await expectSame(filter);
      if (matching > 0 && matching < RECORDS) decided++;
    }
    expect(decided).toBeGreaterThan(LISTED.length * 0.8);
  });

  test(`with ${FILTERS} filters at random (FILTER_SEED=${SEED})`, { timeout: 3_600_000 }, async () => {
    let decided = 0;
    for (const filter of sampleFilters(FILTERS, SEED)) {
      const matching = await expectSame(filter);
      if (matching > 0 && matching < RECORDS) decided++;
    }
    expect(decided).toBeGreaterThan(FILTERS / 2);
  });
});
