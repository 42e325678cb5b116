/** A stranger reads the segment files: ClickHouse gets the same rows from them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { formatAddress, PACKET_LOG_SIZE } from '@packetlog/common';
import { writeSegment } from '@packetlog/loader/segments';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClickHouse, startClickHouse } from '../lab/clickhouse.ts';
import { COLUMNS, FIELDS, generatedBlocks, NODE, rowsOf } from './rows.ts';

/** Newer than the types of Node.js that the tests build with. */
const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync: (bytes: Uint8Array) => Buffer };

describe('ClickHouse', () => {
  let directory: string;
  let server: ClickHouse;
  let blocks: Uint8Array[];

  beforeAll(async () => {
    blocks = await generatedBlocks();
    directory = mkdtempSync(join(tmpdir(), 'packetlog-clickhouse-test-'));
    server = await startClickHouse();
  });
  afterAll(async () => {
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(['zstd', 'gzip'] as const)('gets the same rows from files of %s', async (compression) => {
    const files = blocks.map((records, i) => {
      const { path } = writeSegment(directory, i + 1, records, { node: NODE, compression });
      return readFileSync(path);
    });
    await server.query('DROP TABLE IF EXISTS packets');
    await server.query(`CREATE TABLE packets (${COLUMNS}) ENGINE = MergeTree ORDER BY timestamp_ns
      PARTITION BY toDate(intDiv(timestamp_ns, 1000000000))`);
    // 18.16 knows gzip: it gets the files as they are, with their indexes, one after the other.
    if (compression === 'gzip') await server.insert('packets', 'Native', Buffer.concat(files), 'gzip');
    else await server.insert('packets', 'Native', zstdDecompressSync(Buffer.concat(files)));

    const answer = await server.text(`SELECT ${FIELDS} FROM packets ORDER BY timestamp_ns FORMAT TSV`);
    const found = answer.split('\n');
    expect(found).toHaveLength(65_686);
    expect(found).toEqual(blocks.flatMap(rowsOf));
    expect(await server.text('SELECT DISTINCT node FROM packets FORMAT TSV')).toBe(NODE);
  });

  test('shows addresses as docs/segments.md says', async () => {
    const [records = new Uint8Array()] = blocks;
    const answer = await server.text(
      'SELECT IPv6NumToString(src_addr) FROM packets ORDER BY timestamp_ns LIMIT 50 FORMAT TSV',
    );
    const shown = answer.split('\n');
    const wanted = shown.map((_, i) => formatAddress(records, i * PACKET_LOG_SIZE + 8));
    expect(shown.map((address) => address.replace('::ffff:', ''))).toEqual(wanted);
  });
});
