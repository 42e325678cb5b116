/** `packetlog segments list` and `verify`: what is in a directory, and whether it is undamaged. */
import type { SegmentFacts } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { aligned, grouped, plural, utcText } from '../../past/reading/report-text.ts';
import { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import { openSegment } from '../../recorder/format/open-segment.ts';
import type { Segment, SegmentFile } from '../../recorder/format/segment.ts';
import { listSegments } from '../../recorder/format/segment-files.ts';
import { readJournal } from '../../recorder/format/segment-journal.ts';
import { verifySegment } from '../../recorder/format/verify-segment.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';

type Print = (text: string) => void;

/** File and times. */
const TEXT_COLUMNS = new Set([0, 2, 3]);

interface Found {
  readonly file: SegmentFile;
  /** Undefined: damaged. */
  readonly facts: SegmentFacts | undefined;
  readonly problems: readonly CorruptSegmentError[];
}

/** Prints one line for each segment, and the sum. Returns the exit code. */
export function printList(directory: string, json: boolean, print: Print): number {
  const found = [...inspected(directory, () => [])];
  for (const { problems } of found) for (const { message } of problems) say(`packetlog: ${message}`, 'error');
  if (json) for (const each of found) print(`${terminalJson(listObject(each))}\n`);
  else for (const line of listText(found)) print(`${line}\n`);
  return EXIT.ok;
}

/** Prints one line for each segment: ok, or what is damaged. Returns the exit code: failed if anything is damaged. */
export function printVerification(directory: string, print: Print): number {
  let damaged = 0;
  let segments = 0;
  for (const { file, facts, problems } of inspected(directory, verifySegment)) {
    segments++;
    if (problems.length === 0) print(`${file.path}: ok, ${plural(facts?.records ?? 0, 'record')}\n`);
    else damaged++;
    for (const { column, offset, problem } of problems)
      print(`${file.path}: ${column} at byte ${offset}: ${problem}\n`);
  }
  const { unreadable } = readJournal(directory);
  if (unreadable > 0) print(`journal.ndjson: ${plural(unreadable, 'line')} cannot be read\n`);
  print(`${plural(segments, 'segment')}, ${damaged} damaged\n`);
  return damaged > 0 ? EXIT.failed : EXIT.ok;
}

function* inspected(directory: string, check: (segment: Segment) => readonly CorruptSegmentError[]): Generator<Found> {
  for (const file of listSegments(directory)) {
    try {
      using segment = openSegment(file);
      if (segment) yield { file: segment.file, facts: segment.facts, problems: check(segment) };
    } catch (error) {
      if (!(error instanceof CorruptSegmentError)) throw error;
      yield { file, facts: undefined, problems: [error] };
    }
  }
}

function listObject({ file, facts, problems }: Found): object {
  const { path, kind, bytes } = file;
  if (facts === undefined) return { file: path, kind, bytes, problem: problems[0]?.message };
  const { records, firstNs, lastNs, actions } = facts;
  const times = { first_ns: String(firstNs), last_ns: String(lastNs) };
  return { file: path, kind, records, ...times, bytes, bytes_per_record: perRecord(bytes, records), actions };
}

function listText(found: readonly Found[]): string[] {
  const rows = found.map(({ file, facts }) => [
    file.path,
    ...(facts === undefined
      ? ['damaged', '', '', grouped(file.bytes), '']
      : [
          grouped(facts.records),
          ...(facts.records > 0 ? [utcText(facts.firstNs), utcText(facts.lastNs)] : ['', '']),
          grouped(file.bytes),
          perRecord(file.bytes, facts.records).toFixed(1),
        ]),
  ]);
  const bytes = found.reduce((sum, { file }) => sum + file.bytes, 0);
  const records = found.reduce((sum, { facts }) => sum + (facts?.records ?? 0), 0);
  const sum = `${plural(found.length, 'segment')}, ${plural(records, 'record')}, ${plural(bytes, 'byte')}`;
  const table = [['file', 'records', 'first (UTC)', 'last (UTC)', 'bytes', 'bytes per record'], ...rows];
  return found.length === 0 ? [sum] : [...aligned(table, TEXT_COLUMNS), sum];
}

function perRecord(bytes: number, records: number): number {
  return records === 0 ? 0 : Math.round((bytes / records) * 100) / 100;
}
