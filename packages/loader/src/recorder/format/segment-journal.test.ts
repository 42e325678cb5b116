import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterfaceHistory } from './interface-history.ts';
import type { JournalEntry } from './journal-entry.ts';
import { appendToJournal, journalPath, readJournal } from './segment-journal.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const T = 1_700_000_000_000_000_001n;
const ENTRIES: readonly JournalEntry[] = [
  { kind: 'start', at_ns: T, node: 'n', version: '0.1.0' },
  { kind: 'interfaces', at_ns: T, names: { 2: 'eth0' } },
  { kind: 'rules', at_ns: T + 1n, version: 3, hash: 'ab' },
  { kind: 'gap', at_ns: T + 9n, from_ns: T + 2n, to_ns: T + 8n, records: 12, cause: 'disk full' },
  { kind: 'expired', at_ns: T, file: '1', from_ns: T, to_ns: T, records: 3, permits: 2, denies: 1 },
  { kind: 'stop', at_ns: T + 10n },
];

describe('the journal', () => {
  it('has every entry that was appended, with exact times', () => {
    expect(readJournal(directory)).toEqual({ entries: [], unreadable: 0 });
    for (const entry of ENTRIES) appendToJournal(directory, entry);
    expect(readJournal(directory)).toEqual({ entries: ENTRIES, unreadable: 0 });
    expect(readFileSync(journalPath(directory), 'utf8').split('\n')[5]).toBe(
      '{"kind":"stop","at_ns":"1700000000000000011"}',
    );
  });

  it('continues after a line that a crash cut off', () => {
    for (const entry of ENTRIES) appendToJournal(directory, entry);
    truncateSync(journalPath(directory), readFileSync(journalPath(directory)).length - 4);
    expect(readJournal(directory)).toEqual({ entries: ENTRIES.slice(0, -1), unreadable: 0 });
    const again: JournalEntry = { kind: 'start', at_ns: T + 20n, node: 'n', version: '0.1.0' };
    appendToJournal(directory, again);
    expect(readJournal(directory)).toEqual({ entries: [...ENTRIES.slice(0, -1), again], unreadable: 1 });
  });

  it('counts lines of unknown kind and damaged ones, and keeps unknown fields', () => {
    writeFileSync(journalPath(directory), '{"kind":"later","at_ns":"1"}\n{"kind":"stop","at_ns":1}\n\nx\n');
    appendFileSync(journalPath(directory), '{"kind":"stop","at_ns":"5","why":"signal"}\n');
    expect(readJournal(directory)).toEqual({ entries: [{ kind: 'stop', at_ns: 5n, why: 'signal' }], unreadable: 3 });
  });

  it('takes only valid entries', () => {
    expect(() => appendToJournal(directory, { kind: 'stop', at_ns: -1n })).toThrow();
    expect(() => appendToJournal(directory, { kind: 'interfaces', at_ns: T, names: { eth0: '2' } })).toThrow();
  });
});

describe('the names of interfaces', () => {
  const history = new InterfaceHistory([
    { kind: 'interfaces', at_ns: 100n, names: { 2: 'eth0', 3: 'eth1' } },
    { kind: 'interfaces', at_ns: 200n, names: { 2: 'wan0' } },
  ]);
  const namesOf = (first: bigint, last: bigint) => history.between(first, last).map((period) => period.nameOf(2));

  it('are those of the time', () => {
    expect(namesOf(100n, 199n)).toEqual(['eth0']);
    expect(namesOf(150n, 200n)).toEqual(['eth0', 'wan0']);
    expect(namesOf(200n, 900n)).toEqual(['wan0']);
    expect(history.between(200n, 200n)[0]?.indexesOf('eth1')).toEqual([]);
    expect(history.between(0n, 0n)[0]?.indexesOf('eth1')).toEqual([3]);
  });

  it('before the first entry are those of the first', () => {
    expect(namesOf(1n, 2n)).toEqual(['eth0']);
  });

  it('are numbers where the journal does not know them', () => {
    expect(history.between(200n, 200n)[0]?.nameOf(3)).toBe('3');
    expect(new InterfaceHistory([]).between(0n, 1n).map((period) => period.nameOf(7))).toEqual(['7']);
  });
});
