/**
 * DuckDB with the same rows in a database of its own:
 *
 *   duckdb.mjs INSTALLED
 *   {"do":"load","segments":directory,"directory":path}   {"do":"open","directory":path}   {"do":"query",…}
 */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { formatAddress } from '../../../packages/common/dist/index.js';
import { lazyColumns, listSegments, openSegment } from '../../../packages/loader/dist/recorder/format/index.js';
import { COLUMNS, sqlOf } from './queries.mjs';
import { cpuNsSince, measured, serve } from './serve.mjs';

const [, , installed = ''] = process.argv;
const duckdb = createRequire(join(installed, 'package.json'))('@duckdb/node-api');
const TYPES = {
  u64: duckdb.UBIGINT,
  addr: duckdb.UHUGEINT,
  u32: duckdb.UINTEGER,
  u16: duckdb.USMALLINT,
  u8: duckdb.UTINYINT,
};
const CHUNK_ROWS = 2048;
const ADDRESS_BYTES = 16;
const DIALECT = {
  big: (/** @type {string} */ sql) => `${sql}::UBIGINT`,
  minute: 'timestamp_ns // 60000000000',
  address: (/** @type {string} */ hex) => `${BigInt(`0x${hex}`)}::UHUGEINT`,
};

/** @type {any} */
let connection;

/** @param {{ directory: string }} where */
async function open({ directory }) {
  const instance = await duckdb.DuckDBInstance.create(join(directory, 'packets.duckdb'));
  connection = await instance.connect();
  return {};
}

/** Reading the segments is not part of `cpu_ns`. @param {{ segments: string, directory: string }} request */
async function load({ segments, directory }) {
  await open({ directory });
  const columns = COLUMNS.map(([name, type]) => `${name} ${TYPES[type]}`).join(', ');
  await connection.run(`CREATE TABLE packets (${columns})`);
  const appender = await connection.createAppender('packets');
  const types = COLUMNS.map(([, type]) => TYPES[type]);
  let rows = 0;
  let cpu_ns = 0;
  for (const file of listSegments(segments)) {
    using segment = openSegment(file);
    if (segment === undefined) continue;
    const values = COLUMNS.map(([name]) => bytesOf(lazyColumns(segment)[name]));
    const { records } = segment.facts;
    const before = process.cpuUsage();
    for (let from = 0; from < records; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, records - from);
      const chunk = duckdb.DuckDBDataChunk.create(types, count);
      for (const [i, { bytes, width }] of values.entries()) {
        const vector = chunk.getColumnVector(i);
        const { buffer, byteOffset } = vector.items ?? vector.dataView;
        new Uint8Array(buffer, byteOffset, count * width).set(bytes.subarray(from * width, (from + count) * width));
        vector.flush();
      }
      appender.appendDataChunk(chunk);
    }
    cpu_ns += cpuNsSince(before);
    rows += records;
  }
  const rest = await measured(async () => {
    appender.closeSync();
    await connection.run('CHECKPOINT');
  });
  const { size } = statSync(join(directory, 'packets.duckdb'));
  return { rows, bytes: size, cpu_ns: cpu_ns + rest.cpu_ns };
}

/** @param {any} column */
function bytesOf(column) {
  if (!('dictionary' in column)) {
    return {
      bytes: new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
      width: column.BYTES_PER_ELEMENT,
    };
  }
  const { dictionary, indexes } = column;
  // A number of 128 bits, the last byte of the address first.
  const reversed = Uint8Array.from(
    dictionary,
    (_, i) => dictionary[i - (i % ADDRESS_BYTES) + 15 - (i % ADDRESS_BYTES)],
  );
  const entries = new BigUint64Array(reversed.buffer);
  const all = new BigUint64Array(2 * indexes.length);
  for (let i = 0; i < indexes.length; i++) {
    all[2 * i] = entries[2 * indexes[i]] ?? 0n;
    all[2 * i + 1] = entries[2 * indexes[i] + 1] ?? 0n;
  }
  return { bytes: new Uint8Array(all.buffer), width: ADDRESS_BYTES };
}

/** @param {bigint} address */
function addressText(address) {
  return formatAddress(Buffer.from(address.toString(16).padStart(32, '0'), 'hex'), 0);
}

await serve({
  load,
  open,
  query: async (query) => {
    const { value, ...cost } = await measured(async () =>
      (await connection.runAndReadAll(sqlOf(query, DIALECT))).getRows(),
    );
    const rows = value.map((/** @type {bigint[]} */ row) =>
      row.map((cell, i) => (i === 0 && query.name === 'top_sources' ? addressText(cell) : Number(cell))),
    );
    return { rows, ...cost };
  },
});
