/**
 * chDB, ClickHouse in a process, with the same rows in a table of its own, which it fills from the segment files:
 *
 *   chdb.mjs INSTALLED
 *   {"do":"load","segments":directory,"directory":path}   {"do":"open","directory":path}   {"do":"query",…}
 *   {"do":"rows","sql":statement}
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { formatAddress } from '../../../packages/common/dist/index.js';
import { COLUMNS, sqlOf } from './queries.mjs';
import { measured, serve } from './serve.mjs';

const [, , installed = ''] = process.argv;
const { Session } = createRequire(join(installed, 'package.json'))('chdb');
const PAGE = new URL('../../../docs/segments.md', import.meta.url);
/** The structure of the files, as the page tells it. */
const STRUCTURE = /```sql\n(.*?)```/s.exec(readFileSync(PAGE, 'utf8'))?.[1]?.replaceAll('\n', ' ') ?? '';
const DIALECT = {
  big: (/** @type {string} */ sql) => `toUInt64(${sql})`,
  minute: 'intDiv(timestamp_ns, 60000000000)',
  address: (/** @type {string} */ hex) => `toFixedString(unhex('${hex}'), 16)`,
};

/** @type {any} */
let session;

/** @param {{ directory: string }} where */
function open({ directory }) {
  session = new Session(join(directory, 'chdb'));
  session.query('CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic');
  return {};
}

/** @param {string} sql @returns {string[][]} */
function rowsOf(sql) {
  const text = session.query(sql, 'TabSeparated');
  return text
    .split('\n')
    .filter((/** @type {string} */ line) => line !== '')
    .map((/** @type {string} */ line) => line.split('\t'));
}

/** @param {{ segments: string, directory: string }} request */
async function load({ segments, directory }) {
  open({ directory });
  const type = { addr: 'FixedString(16)', u64: 'UInt64', u32: 'UInt32', u16: 'UInt16', u8: 'UInt8' };
  const columns = COLUMNS.map(([name, kind]) => `${name} ${type[kind]}`).join(', ');
  session.query(`CREATE TABLE bench.packets (${columns}) ENGINE = MergeTree ORDER BY timestamp_ns`);
  const names = COLUMNS.map(([name]) => name).join(', ');
  const { cpu_ns } = await measured(() => {
    session.query(
      `INSERT INTO bench.packets SELECT ${names} FROM file('${segments}/*.native.zst', 'Native', '${STRUCTURE}')`,
    );
    // Otherwise merges would still take CPU time during the queries.
    session.query('OPTIMIZE TABLE bench.packets FINAL');
  });
  const [[rows, bytes] = []] = rowsOf(
    "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'bench'",
  );
  return { rows: Number(rows), bytes: Number(bytes), cpu_ns };
}

await serve({
  load,
  open,
  rows: ({ sql }) => ({ rows: rowsOf(sql.replaceAll('STRUCTURE', STRUCTURE)) }),
  query: async (query) => {
    const isTop = query.name === 'top_sources';
    const sql = sqlOf(query, DIALECT).replace('FROM packets', 'FROM bench.packets');
    const { value, ...cost } = await measured(() => rowsOf(isTop ? sql.replace('src_addr,', 'hex(src_addr),') : sql));
    const rows = value.map((row) =>
      row.map((cell, i) => (i === 0 && isTop ? formatAddress(Buffer.from(cell, 'hex'), 0) : Number(cell))),
    );
    return { rows, ...cost };
  },
});
