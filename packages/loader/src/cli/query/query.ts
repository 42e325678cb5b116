/** `packetlog query`: answers one question about recorded packets. */
import type { Filter, RecordSums, TimeStep } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { newestRows } from '../../past/reading/newest-rows.ts';
import { PastBlocks } from '../../past/reading/past-blocks.ts';
import { grouped, plural } from '../../past/reading/report-text.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { InterfaceHistory } from '../../recorder/format/interface-history.ts';
import { readJournal } from '../../recorder/format/segment-journal.ts';
import { say } from '../process/say.ts';
import type { WaitingOutput } from '../segments/waiting-output.ts';
import { completenessLines } from './completeness.ts';
import { countTable, formatted, type QueryFormat, seriesTable, topSeriesTable, topTable } from './result-table.ts';
import { formattedRows } from './rows-text.ts';
import { countOf, sumsByStep, type TopResult, topOf } from './sums.ts';
import { topByStep } from './top-by-step.ts';
import type { TopKind } from './top-names.ts';

export type Question =
  | { readonly kind: 'count' }
  | { readonly kind: 'by'; readonly step: TimeStep }
  | { readonly kind: 'top'; readonly top: TopKind; readonly limit: number }
  | { readonly kind: 'top-by'; readonly top: TopKind; readonly limit: number; readonly step: TimeStep }
  | { readonly kind: 'rows'; readonly limit: number };

export interface QueryOptions {
  readonly directory: string;
  readonly range: TimeRange;
  readonly filter: Filter | undefined;
  readonly question: Question;
  readonly format: QueryFormat;
}

interface Answer {
  readonly lines: Iterable<string>;
  /** Sums of what was selected. */
  readonly total: RecordSums;
  /** Whether the limit of rows was reached. */
  readonly isLimited?: boolean;
  /** Whole lines for standard error. */
  readonly notes: readonly string[];
}

/** Resolves with the exit code: failed if a segment was skipped or the output failed. */
export async function query(options: QueryOptions, output: WaitingOutput): Promise<number> {
  const { directory, range } = options;
  const { entries: journal } = readJournal(directory);
  const history = new InterfaceHistory(journal);
  const blocks = new PastBlocks(directory, history);
  const { lines, total, isLimited = false, notes } = answer(options, blocks, history);
  await written(lines, output);
  for (const note of notes) say(note);
  const { corrupt, oldestNs, newestNs } = blocks;
  const report = completenessLines({ range, oldestNs, newestNs, total, isLimited, corrupt, journal });
  for (const line of report) say(line, corrupt.length > 0 ? 'error' : 'info');
  if (output.error) say(`packetlog: write to standard output: ${output.error.message}.`, 'error');
  return corrupt.length > 0 || output.error ? EXIT.failed : EXIT.ok;
}

/** A write for each row would cost more than the query. */
const CHUNK_CHARACTERS = 65_536;

async function written(lines: Iterable<string>, output: WaitingOutput): Promise<void> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    if (!(await output.write(chunk))) return;
    chunk = '';
  }
  await output.write(chunk);
}

function answer(options: QueryOptions, blocks: PastBlocks, history: InterfaceHistory): Answer {
  const { range, filter, question, format } = options;
  const request = { range, filter };
  switch (question.kind) {
    case 'count': {
      const total = countOf(blocks, request);
      // A number alone, not a table with a heading.
      const lines = format === 'table' ? [`${total.packets}\n`] : formatted(countTable(total), format);
      return { lines, total, notes: [] };
    }
    case 'by': {
      const series = sumsByStep(blocks, request, question.step);
      const { beyond, total } = series;
      const notes =
        beyond.records === 0
          ? []
          : [`${plural(beyond.packets, 'packet')} in further steps are not listed: choose longer steps with --by.`];
      return { lines: formatted(seriesTable(series), format), total, notes };
    }
    case 'top': {
      const top = topOf(blocks, request, question.top, question.limit);
      return { lines: formatted(topTable(top), format), total: top.total, notes: distinctNotes(top) };
    }
    case 'top-by': {
      const first = new PastBlocks(options.directory, history);
      const series = topByStep({ first, second: blocks }, request, { ...question, kind: question.top });
      const { unlisted, total } = series;
      const notes =
        unlisted.records === 0
          ? []
          : [
              `Not listed: ${plural(unlisted.packets, 'packet')} in further rows. Choose longer steps with --by, a shorter range or a lower --limit.`,
            ];
      return { lines: formatted(topSeriesTable(series), format), total, notes: [...distinctNotes(series), ...notes] };
    }
    case 'rows': {
      const view = newestRows(blocks, request, question.limit);
      let packets = 0;
      for (let i = 0; i < view.length; i++) packets += view.weight(i);
      const isLimited = view.length === question.limit;
      const notes = isLimited ? [`The newest ${plural(view.length, 'row')}: --limit prints more.`] : [];
      return {
        lines: formattedRows(view, (i) => history.nameAt(view.timestampNs(i), view.ifindex(i)), format),
        total: { packets, bytes: 0, records: view.length },
        isLimited,
        notes,
      };
    }
  }
}

function distinctNotes({ kind, distinct, beyond }: Pick<TopResult, 'kind' | 'distinct' | 'beyond'>): string[] {
  if (beyond.records === 0) return [`${kind.name}: ${grouped(distinct)} distinct`];
  return [
    `${kind.name}: more than ${grouped(distinct)} distinct`,
    `In others: ${plural(beyond.packets, 'packet')} of values beyond the limit; a value that is not listed can have up to that number. Narrow the range or the filter for an exact list.`,
  ];
}
