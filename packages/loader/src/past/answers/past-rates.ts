/** Answers `past:rates`. */
import {
  HISTORY_COLUMNS,
  type PastRates,
  type PastRatesRequest,
  RATE_FIELDS,
  RateSums,
  type SegmentFacts,
  stepFor,
} from '@packetlog/common';
import type { SegmentFile } from '../../recorder/format/segment.ts';
import { gapsIn } from '../reading/missing.ts';
import { readColumns } from '../reading/past-blocks.ts';
import { type Answering, blockRequest, nsOf, type PastView } from './past-view.ts';

export function* pastRates(view: PastView, request: PastRatesRequest): Answering<PastRates> {
  const { stepMs, count } = stepFor(request);
  const firstMs = Math.floor(request.from_ms / stepMs) * stepMs;
  const sums = new RateSums(nsOf(firstMs), nsOf(stepMs), count);
  const selected = blockRequest(request);
  const shortcut = (file: SegmentFile, facts: SegmentFacts) => {
    const rates = view.known.rates.of(view.directory, file, facts);
    if (rates === undefined || sums.stepNs % rates.stepNs !== 0n) return false;
    sums.addSums(rates);
    return true;
  };
  yield* view.blocks.steps({ ...selected, shortcut }, ({ columns, rows }) => {
    readColumns(columns, RATE_FIELDS);
    sums.add(columns, rows);
  });
  for (const { records, from_ns, to_ns } of gapsIn(view.journal.entries, selected.range)) {
    sums.addLost(records, from_ns, to_ns);
  }
  const columns = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, sums.column(name)]));
  return {
    step_ms: stepMs,
    first_at_ms: firstMs,
    columns: columns as PastRates['columns'],
    coverage: view.coverage(selected.range, sums),
  };
}
