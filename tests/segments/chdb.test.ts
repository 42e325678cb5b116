/** The current ClickHouse, as chDB, reads segment files as they lie. Runs where the benchmark has installed chDB. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSegment } from '@packetlog/loader/segments';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dialogueWith } from '../lab/dialogue.ts';
import { engineScript, installedEngine } from '../lab/engines.ts';
import { FIELDS, generatedBlocks, NODE, rowsOf } from './rows.ts';

const MISSING =
  'optional: chDB is not installed, so it reads no segment files. npx -y pnpm@12 bench -t recorder installs it.';
const ENDINGS = { zstd: 'zst', gzip: 'gz' } as const;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-chdb-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test.for(['zstd', 'gzip'] as const)('chDB gets the same rows from files of %s', async (compression, { skip }) => {
  const installed = installedEngine('chdb');
  if (installed === undefined) return skip(MISSING);
  const blocks = await generatedBlocks();
  for (const [i, records] of blocks.entries()) writeSegment(directory, i + 1, records, { node: NODE, compression });
  const files = `file('${directory}/*.native.${ENDINGS[compression]}', 'Native', 'STRUCTURE')`;

  const child = spawn(process.execPath, [engineScript('chdb'), installed], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chdb = dialogueWith(child, 'chDB');
  try {
    const ask = (request: object) => chdb.ask<{ rows: string[][] }>(JSON.stringify(request));
    await ask({ do: 'open', directory });
    const { rows } = await ask({ do: 'rows', sql: `SELECT ${FIELDS} FROM ${files} ORDER BY timestamp_ns` });
    expect(rows).toHaveLength(65_686);
    expect(rows.map((row) => row.join('\t'))).toEqual(blocks.flatMap(rowsOf));
    const nodes = await ask({ do: 'rows', sql: `SELECT DISTINCT node FROM ${files}` });
    expect(nodes.rows).toEqual([[NODE]]);
  } finally {
    await chdb.end();
  }
});
