import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JournalEntry } from '../format/journal-entry.ts';
import { appendToJournal, journalPath, readJournal } from '../format/segment-journal.ts';
import { compactJournal, journalBytes } from './compact-journal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const start = (at_ns: bigint): JournalEntry => ({ kind: 'start', at_ns, node: 'n', version: '1' });
const names = (at_ns: bigint, name: string): JournalEntry => ({ kind: 'interfaces', at_ns, names: { 2: name } });
const gap = (at_ns: bigint): JournalEntry => ({
  ...{ kind: 'gap', at_ns, from_ns: at_ns - 1n, to_ns: at_ns },
  ...{ records: 1, cause: 'c' },
});
const expired = (at_ns: bigint, denies: number): JournalEntry => ({
  ...{ kind: 'expired', at_ns, file: `${at_ns}.hot`, from_ns: at_ns - 10n, to_ns: at_ns - 5n },
  ...{ records: 10, permits: 10 - denies, denies },
});

it('keeps what concerns the kept packets, and adds up the deleted segments', () => {
  const rules: JournalEntry = { kind: 'rules', at_ns: 15n, version: 1, hash: 'h' };
  const all = [
    ...[start(10n), names(11n, 'old'), gap(12n), names(13n, 'eth0'), rules, expired(30n, 1)],
    ...[{ kind: 'stop', at_ns: 31n } as const, start(32n), gap(60n), expired(61n, 2), names(70n, 'new')],
  ];
  for (const entry of all) appendToJournal(directory, entry);
  compactJournal(directory, 50n);
  expect(readJournal(directory)).toEqual({
    entries: [
      {
        ...{ kind: 'expired', at_ns: 61n, file: '61.hot', from_ns: 20n, to_ns: 56n },
        ...{ records: 20, permits: 17, denies: 3 },
      },
      start(10n),
      names(13n, 'eth0'),
      rules,
      start(32n),
      gap(60n),
      names(70n, 'new'),
    ],
    unreadable: 0,
  });
  const bytes = journalBytes(directory);
  compactJournal(directory, 50n);
  expect(journalBytes(directory)).toBe(bytes);
  expect(readdirSync(directory)).toEqual(['journal.ndjson']);
  expect(statSync(journalPath(directory)).mode & 0o777).toBe(0o600);
});

it('keeps the deleted segments before and behind one that a bookmark keeps apart', () => {
  for (const entry of [start(10n), expired(20n, 1), expired(24n, 1), expired(60n, 2), expired(40n, 3)])
    appendToJournal(directory, entry);
  compactJournal(directory, 25n, [{ fromNs: 25n }]);
  expect(readJournal(directory).entries).toMatchObject([
    { kind: 'expired', from_ns: 10n, to_ns: 19n, records: 20, denies: 2 },
    { kind: 'expired', from_ns: 30n, to_ns: 55n, records: 20, denies: 5 },
    { kind: 'start' },
  ]);
});

it('leaves a journal without deleted segments as it is', () => {
  for (const entry of [start(10n), gap(12n)]) appendToJournal(directory, entry);
  compactJournal(directory, 0n);
  expect(readJournal(directory).entries).toEqual([start(10n), gap(12n)]);
});
