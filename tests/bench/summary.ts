/** Measures the cost of tallying every record for the summary of a second. */
import { fileURLToPath } from 'node:url';
import { READER_CPU } from './contestant.ts';
import { result } from './dialogue.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';

const SUMMARY = fileURLToPath(new URL('../../bench/peers/summary.mjs', import.meta.url));
const ROUNDS = 3;
/** Sources: a server's clients, more than the tally numbers in a second (8,192), and a distributed flood. */
const SOURCES = [100, 10_000, 100_000] as const;

export async function compareSummary(_: Peers, report: Report): Promise<void> {
  const cost = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (const sources of SOURCES) {
      const command = [process.execPath, SUMMARY, String(sources)];
      const { ns_per_record } = await result<{ ns_per_record: number }>({ cpus: READER_CPU }, command);
      cost.add(String(sources), ns_per_record);
    }
  }
  say(`\nSummaries: CPU ns per record (medians of ${ROUNDS} processes)`);
  table(
    ['sources', 'ns'],
    SOURCES.map((sources) => [text(sources), text(cost.median(String(sources)))]),
  );
  report.section(
    'summary_ns_per_record',
    Object.fromEntries(SOURCES.map((sources) => [sources, cost.spread(String(sources))])),
  );
}
