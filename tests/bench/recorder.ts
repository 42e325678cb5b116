/**
 * Measures the recorder: writing and sealing, queries beside DuckDB and chDB with the same rows, questions of clients,
 * and the whole loader with and without it. An engine that cannot be installed or run is named and not compared.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, engineName, installEngine } from '../lab/engines.ts';
import { EngineProcess } from './engine.ts';
import type { Peers } from './peers.ts';
import { measureRecording } from './recorder-live.ts';
import { measurePast } from './recorder-past.ts';
import { measureQueries } from './recorder-queries.ts';
import { type Report, say, table, text } from './report.ts';
import { median, rounded, spread } from './statistics.ts';

/** 20 million records: a day of the generated traffic. */
const SEGMENTS = 306;
/** Segments, and a database of each engine. */
const NEEDED_BYTES = 6 * 2 ** 30;
const ENGINES: readonly Engine[] = ['duckdb', 'chdb'];

interface Recorded {
  readonly rows: number;
  readonly bytes: number;
  readonly append_ns: readonly number[];
  readonly seal_ns: readonly number[];
  readonly tick_ns: number;
}

interface Loaded {
  readonly rows: number;
  readonly bytes: number;
  readonly cpu_ns: number;
}

export async function compareRecorder(peers: Peers, report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-recorder-'));
  try {
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize < NEEDED_BYTES) throw new Error(`${tmpdir()} needs ${NEEDED_BYTES / 2 ** 30} GiB of free space`);
    const segments = join(directory, 'segments');
    const ingest = await measureIngest(segments, report);
    const { engines, loads, missing } = await loadEngines(directory, segments, ingest.rows);
    const queries = await measureQueries(segments, engines, report);
    const past = await measurePast(segments, report);
    const recording = await measureRecording(peers, join(directory, 'live'), report);
    report.section('recorder', { ingest, loads, missing, queries, past, recording });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureIngest(directory: string, report: Report) {
  const writer = new EngineProcess('record');
  const recorded = await writer.ask<Recorded>({ do: 'record', directory, segments: SEGMENTS });
  await writer.end();
  const rowsPerSecond = recorded.append_ns.map((ns) => 1e9 / ns);
  const bytesPerRow = rounded(recorded.bytes / recorded.rows);
  say(`\nRecorder, CPU time of one core (medians of ${SEGMENTS} segments, ${text(recorded.rows)} records)`);
  table(
    ['append rows/s', 'append ns/row', 'seal ns/row', 'bytes/row', 'PSS peak MiB'],
    [
      [
        median(rowsPerSecond),
        median(recorded.append_ns),
        median(recorded.seal_ns),
        bytesPerRow,
        // Together with the generator.
        writer.peakMib,
      ].map(text),
    ],
  );
  report.figure('recorder_append_rows_per_s', median(rowsPerSecond));
  report.figure('recorder_seal_ns_per_row', median(recorded.seal_ns));
  report.figure('recorder_bytes_per_row', bytesPerRow);
  return {
    rows: recorded.rows,
    bytes_per_row: bytesPerRow,
    append_rows_per_s: spread(rowsPerSecond),
    seal_ns_per_row: spread(recorded.seal_ns),
    other_ns_per_row: rounded(recorded.tick_ns),
  };
}

/** Engines with the same rows, each in a directory of its own. */
async function loadEngines(directory: string, segments: string, rows: number) {
  const engines = new Map<Engine, { readonly installed: string; readonly directory: string }>();
  const loads: Record<string, { cpu_ns_per_row: number; bytes_per_row: number; pss_peak_mib: number }> = {};
  const missing: Record<string, string> = {};
  for (const engine of ENGINES) {
    const own = join(directory, engine);
    mkdirSync(own);
    try {
      const installed = await installEngine(engine);
      const process = new EngineProcess(engine, installed);
      const loaded = await process.ask<Loaded>({ do: 'load', segments, directory: own });
      await process.end();
      if (loaded.rows !== rows) throw new Error(`it has ${loaded.rows} of ${rows} rows`);
      loads[engineName(engine)] = {
        cpu_ns_per_row: rounded(loaded.cpu_ns / rows),
        bytes_per_row: rounded(loaded.bytes / rows),
        pss_peak_mib: rounded(process.peakMib),
      };
      engines.set(engine, { installed, directory: own });
    } catch (error) {
      const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      missing[engineName(engine)] = reason;
      say(`\n${engineName(engine)} is not compared: ${reason}`);
    }
  }
  if (engines.size > 0) {
    say('\nThe same rows in other engines');
    table(
      ['', 'CPU ns/row', 'bytes/row', 'PSS peak MiB'],
      Object.entries(loads).map(([name, { cpu_ns_per_row, bytes_per_row, pss_peak_mib }]) => [
        name,
        ...[cpu_ns_per_row, bytes_per_row, pss_peak_mib].map(text),
      ]),
    );
  }
  return { engines, loads, missing };
}
