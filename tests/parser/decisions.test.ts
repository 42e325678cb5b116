/**
 * Filters against tcpdump, and rules against the reference evaluator, on captures that others made. Needs root. The long
 * form, `pnpm test:parser`, has all captures.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonRecord } from '../e2e/console-output.ts';
import { requireRoot } from '../lab/root.ts';
import { isComparable, someFilter } from './captures/comparable-filters.ts';
import { packetOf, referenceDecisions, rulesDocument, someRules } from './captures/comparable-rules.ts';
import { NS_PER_FRAME, realFrames, writeFrames } from './captures/frame-files.ts';
import { linesOf } from './captures/lines.ts';
import type { RealFrame } from './captures/read-frames.ts';
import { replayed } from './captures/replayed.ts';
import { note } from './captures/results.ts';
import { SOURCES } from './captures/sources.ts';
import { random } from './mutation.ts';

const LONG = process.env['PARSER_RESULTS'] !== undefined;
const FILTERS = LONG ? 16 : 8;
const RULE_SETS = LONG ? 16 : 4;
const SEED = Number(process.env['PARSER_SEED'] ?? 0x5eed);
const MAX_DESCRIBED = 10;

describe.skipIf(!requireRoot())(`on captured frames, with PARSER_SEED=${SEED}`, () => {
  let scratch: string;
  let rules: string;
  let frames: RealFrame[];
  let path: string;
  let records: JsonRecord[];
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'packetlog-parser-'));
    path = join(scratch, 'frames.pcap');
    rules = join(scratch, 'none.json');
    writeFileSync(rules, '{"version": 1, "rules": []}');
    frames = realFrames(LONG ? SOURCES : SOURCES.slice(0, 1))
      .flat()
      .filter(({ link }) => link === 'ethernet');
    writeFrames(path, 'ethernet', frames);
    records = await replayed(path, rules);
  }, 600_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('filters select what tcpdump selects with the same text', { timeout: 3_600_000 }, async () => {
    const chosen = frames
      .map((_, i) => i)
      .filter((i) => isComparable(frames[i] as RealFrame, records[i] as JsonRecord));
    const plain = join(scratch, 'plain.pcap');
    writeFrames(
      plain,
      'ethernet',
      chosen.map((i) => frames[i] as RealFrame),
    );
    const source = random(SEED);
    const different: string[] = [];
    let selective = 0;
    for (let i = 0; i < FILTERS; i++) {
      const filter = someFilter(records, source);
      const [ours, theirs] = await Promise.all([selected(plain, filter), tcpdumpSelected(plain, filter)]);
      if (ours.length > 0 && ours.length < chosen.length) selective++;
      const [us, them] = [new Set(ours), new Set(theirs)];
      const wrong = [...ours.filter((frame) => !them.has(frame)), ...theirs.filter((frame) => !us.has(frame))];
      for (const frame of wrong.slice(0, 2)) {
        different.push(
          `${filter}: ${JSON.stringify(records[chosen[frame] as number])}, ${us.has(frame) ? 'ours' : 'theirs'}`,
        );
      }
    }
    note('filters', {
      filters: FILTERS,
      frames: chosen.length,
      decisions: FILTERS * chosen.length,
      different: different.length,
    });
    expect(different.slice(0, MAX_DESCRIBED)).toEqual([]);
    expect(selective).toBeGreaterThan(FILTERS / 3);
    expect(chosen.length).toBeGreaterThan(frames.length / 2);
  });

  async function selected(file: string, filter: string): Promise<number[]> {
    return (await replayed(file, rules, '--filter', filter)).map(({ timestamp_ns }) => frameAt(BigInt(timestamp_ns)));
  }

  test('rules decide as the reference does', { timeout: 3_600_000 }, async () => {
    const packets = records.map((record) => packetOf(record));
    const source = random(SEED + 1);
    const different: string[] = [];
    const kinds = new Map<string, number>();
    let decisions = 0;
    for (let set = 0; set < RULE_SETS; set++) {
      const generated = someRules(records, source);
      const file = join(scratch, 'rules.json');
      writeFileSync(file, rulesDocument(generated));
      const decide = referenceDecisions(generated);
      for (const [i, found] of (await replayed(path, file)).entries()) {
        const packet = packets[i];
        if (packet === undefined) continue;
        decisions++;
        const { reason: parser } = records[i] as JsonRecord;
        const expected = decide(packet, parser, BigInt(i) * NS_PER_FRAME);
        const kind = `${expected.action} ${expected.reason}`;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const { action, reason, rule_id } = found;
        if (action === expected.action && reason === expected.reason && rule_id === expected.rule_id) continue;
        different.push(`${JSON.stringify(expected)}: ${JSON.stringify(found)}, ${rulesDocument(generated)}`);
      }
    }
    note('rules', { sets: RULE_SETS, decisions, different: different.length, kinds: Object.fromEntries(kinds) });
    expect(different.slice(0, MAX_DESCRIBED)).toEqual([]);
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining(['deny rule', 'permit rule', 'permit would_deny', 'permit none']),
    );
    expect(decisions).toBeGreaterThan(RULE_SETS * frames.length * 0.99);
  });

  async function tcpdumpSelected(file: string, filter: string): Promise<number[]> {
    const to = join(scratch, 'tcpdump.pcap');
    const args = ['-r', file, '--time-stamp-precision=nano', '-Z', 'root', '-w', to, filter];
    await linesOf(spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'ignore'] }));
    const bytes = readFileSync(to);
    const found: number[] = [];
    for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
      found.push(frameAt(BigInt(bytes.readUInt32LE(at)) * 1_000_000_000n + BigInt(bytes.readUInt32LE(at + 4))));
    }
    return found;
  }
});

const frameAt = (ns: bigint) => Number(ns / NS_PER_FRAME);
