/** The same queries on segment files, DuckDB and chDB, in turns. Fails if one of them has another result. */
import { isDeepStrictEqual } from 'node:util';
import { type Engine, engineName } from '../lab/engines.ts';
import { type Cost, EngineProcess } from './engine.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median, ratios, rounded, shuffled } from './statistics.ts';

const ROUNDS = 7;
/** V8 compiles in these. */
const WARMING = 2;
const HOUR_NS = 3_600_000_000_000n;
/** When the generated traffic begins. */
export const START_NS = 1_700_000_000_000_000_000n;
const DAY = { from_ns: String(START_NS), to_ns: String(START_NS + 24n * HOUR_NS) };
const HOUR = { from_ns: String(START_NS + 12n * HOUR_NS), to_ns: String(START_NS + 13n * HOUR_NS) };

/** `by_minute` has packets, bytes and denied packets; `top_sources` packets and bytes; `network` packets and records. */
const QUERIES = [
  { key: 'by_minute_1h', label: 'by minute, 1 h', name: 'by_minute', ...HOUR },
  { key: 'top_sources_1h', label: 'top 10 sources, 1 h', name: 'top_sources', ...HOUR },
  { key: 'top_sources_24h', label: 'top 10 sources, 24 h', name: 'top_sources', ...DAY },
  {
    key: 'network_24h',
    label: 'a /24, 24 h',
    name: 'network',
    ...DAY,
    // Of the IPv4 client with the most packets.
    network: {
      text: '172.41.175.0/24',
      from: '00000000000000000000ffffac29af00',
      to: '00000000000000000000ffffac29afff',
    },
  },
] as const;

const OURS = 'PacketLog';

interface Answer extends Cost {
  readonly rows: readonly (readonly (string | number)[])[];
}

export async function measureQueries(
  segments: string,
  engines: ReadonlyMap<Engine, { readonly installed: string; readonly directory: string }>,
  report: Report,
) {
  const processes = new Map<string, EngineProcess>();
  try {
    processes.set(OURS, new EngineProcess('segments'));
    await processes.get(OURS)?.ask({ do: 'open', directory: segments });
    for (const [engine, { installed, directory }] of engines) {
      const process = new EngineProcess(engine, installed);
      processes.set(engine, process);
      await process.ask({ do: 'open', directory });
    }
    const cpu = new Rounds();
    const wall = new Rounds();
    for (let round = -WARMING; round < ROUNDS; round++) {
      for (const { key, label, ...query } of QUERIES) {
        let expected: Answer['rows'] | undefined;
        for (const [name, process] of shuffled([...processes])) {
          const { rows, ms, cpu_ns } = await process.ask<Answer>({ do: 'query', ...query });
          expected ??= rows;
          if (rows.length === 0 || !isDeepStrictEqual(rows, expected)) {
            throw new Error(`${label}: ${name} has another result than the engine before it, or none`);
          }
          if (round < 0) continue;
          cpu.add(`${name} ${key}`, cpu_ns / 1e6);
          wall.add(`${name} ${key}`, ms);
        }
      }
    }
    return told(processes, cpu, wall, report);
  } finally {
    for (const process of processes.values()) await process.end();
  }
}

function told(processes: ReadonlyMap<string, EngineProcess>, cpu: Rounds, wall: Rounds, report: Report) {
  const names = [...processes.keys()];
  const label = (name: string) => (name === OURS ? name : engineName(name as Engine));
  say(`\nQueries, CPU ms (median of ${ROUNDS} rounds in turns; equal results), and PSS peak MiB`);
  table(
    ['', ...QUERIES.map((query) => query.label), 'PSS'],
    names.map((name) => [
      label(name),
      ...QUERIES.map(({ key }) => text(cpu.median(`${name} ${key}`))),
      text(processes.get(name)?.peakMib ?? Number.NaN),
    ]),
  );
  for (const name of names.filter((each) => each !== OURS)) {
    for (const { key } of QUERIES) {
      report.ratio(`recorder_${key}_vs_${name}`, ratios(cpu.of(`${OURS} ${key}`), cpu.of(`${name} ${key}`)));
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      label(name),
      {
        pss_peak_mib: rounded(processes.get(name)?.peakMib ?? Number.NaN),
        ...Object.fromEntries(
          QUERIES.map(({ key }) => [
            key,
            { cpu_ms: cpu.spread(`${name} ${key}`), ms: rounded(median(wall.of(`${name} ${key}`))) },
          ]),
        ),
      },
    ]),
  );
}
