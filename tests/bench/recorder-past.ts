/** Questions of clients about recorded packets, answered by the loader's thread for them. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Cost, EngineProcess } from './engine.ts';
import { START_NS } from './recorder-queries.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median, rounded } from './statistics.ts';

const ROUNDS = 5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START_MS = Number(START_NS / 1_000_000n);
/** As many as the page shows first. */
const ROWS = 500;
const SETTLE_MS = 1000;

/** A range in the day, at another place in each round. */
function rangeOf(duration: number, round: number) {
  const from_ms = START_MS + Math.floor(((DAY - duration) * (round + 1)) / (ROUNDS + 1));
  return { from_ms, to_ms: from_ms + duration };
}

const QUESTIONS = {
  'first rows, 5 min': { verb: 'rows', of: (round: number) => ({ ...rangeOf(5 * MINUTE, round), limit: ROWS }) },
  'first rows, 1 h': { verb: 'rows', of: (round: number) => ({ ...rangeOf(HOUR, round), limit: ROWS }) },
  'first rows, 24 h': { verb: 'rows', of: () => ({ ...rangeOf(DAY, 0), limit: ROWS }) },
  'by minute, 24 h': { verb: 'rates', of: () => ({ ...rangeOf(DAY, 0), max_steps: 1441 }) },
  'top lists, 1 h': { verb: 'top', of: (round: number) => rangeOf(HOUR, round) },
  'top lists, 24 h': { verb: 'top', of: () => rangeOf(DAY, 0) },
} as const;
type Name = keyof typeof QUESTIONS;
const NAMES = Object.keys(QUESTIONS) as Name[];
const FIRST_ROWS = NAMES.filter((name) => QUESTIONS[name].verb === 'rows');

export async function measurePast(directory: string, report: Report) {
  const process = new EngineProcess('past');
  try {
    await process.ask({ do: 'open', directory });
    await delay(SETTLE_MS);
    const before = process.pssMib;
    const ms = new Rounds();
    const cpu = new Rounds();
    let first = Number.NaN;
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of NAMES) {
        const { verb, of } = QUESTIONS[name];
        const cost = await process.ask<Cost>({ do: 'ask', verb, request: of(round) });
        // It starts the thread, which reads the index of each segment.
        if (Number.isNaN(first)) first = cost.ms;
        else {
          ms.add(name, cost.ms);
          cpu.add(name, cost.cpu_ns / 1e6);
        }
      }
    }
    const querying = rounded(process.peakMib - before);
    const firstRows = Math.max(...FIRST_ROWS.map((name) => median(ms.of(name))));
    say(`\nQuestions of clients over a day of records, ms (${ROUNDS} rounds); the first of all took ${text(first)} ms`);
    table(
      ['', 'median', 'most', 'CPU ms'],
      NAMES.map((name) => [name, ...[ms.median(name), ms.spread(name).max, cpu.median(name)].map(text)]),
    );
    say(`  Memory while they are answered: ${text(querying)} MiB more than before`);
    report.figure('recorder_first_rows_ms', firstRows);
    report.figure('recorder_day_by_minute_ms', ms.median('by minute, 24 h'));
    report.figure('recorder_querying_mib', querying);
    return {
      very_first_ms: rounded(first),
      querying_mib: querying,
      first_rows_ms: rounded(firstRows),
      ...Object.fromEntries(NAMES.map((name) => [name, { ms: ms.spread(name), cpu_ms: rounded(cpu.median(name)) }])),
    };
  } finally {
    await process.end();
  }
}
