/**
 * The parser against tshark, on captures that others made and on mutations of them. Needs root. The long form, `pnpm
 * test:parser`, has all captures, a million mutations, and writes its results.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { Comparison } from './captures/compare.ts';
import { mutatedFrames, realFrames, writeFrames } from './captures/frame-files.ts';
import type { RealFrame } from './captures/read-frames.ts';
import { replayed } from './captures/replayed.ts';
import { note } from './captures/results.ts';
import { SOURCES } from './captures/sources.ts';
import { Tshark } from './captures/tshark.ts';
import { random } from './mutation.ts';

const LONG = process.env['PARSER_RESULTS'] !== undefined;
const MUTATIONS = Number(process.env['PARSER_MUTATIONS'] ?? (LONG ? 1_050_000 : 20_000));
const SEED = Number(process.env['PARSER_SEED'] ?? 0x5eed);
/** Frames compared at once: they are in memory. */
const BATCH = 100_000;
/** Of mutations. */
const IP_SHARE = 0.1;

describe.skipIf(!requireRoot())('records and tshark', () => {
  let scratch: string;
  let rules: string;
  let tshark: Tshark;
  let files: RealFrame[][];
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'packetlog-parser-'));
    rules = join(scratch, 'rules.json');
    writeFileSync(rules, '{"version": 1, "rules": []}');
    tshark = await Tshark.configured(scratch);
    files = realFrames(LONG ? SOURCES : SOURCES.slice(0, 1));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  async function compare(into: Comparison, link: RealFrame['link'], frames: readonly RealFrame[]): Promise<void> {
    const path = join(scratch, `${link}.pcap`);
    for (let at = 0; at < frames.length; at += BATCH) {
      const batch = frames.slice(at, at + BATCH);
      writeFrames(path, link, batch);
      const [records, rows] = await Promise.all([replayed(path, rules), tshark.rows(path)]);
      into.add(batch, records, rows);
    }
  }

  function expectExplained(comparison: Comparison, name: string): void {
    const { frames, unexplained, explained, reasons } = comparison;
    const source = { tshark: tshark.version, sources: (LONG ? SOURCES : SOURCES.slice(0, 1)).map(({ path }) => path) };
    note(name, {
      frames,
      unexplained,
      explained: Object.fromEntries(explained),
      reasons: Object.fromEntries(reasons),
      ...source,
    });
    expect(comparison.descriptions).toEqual([]);
    expect(unexplained).toBe(0);
  }

  test('agree on every frame of the captures, or a rule explains why not', { timeout: 3_600_000 }, async () => {
    const comparison = new Comparison();
    for (const link of ['ethernet', 'ip'] as const) {
      const frames = files.flat().filter((frame) => frame.link === link);
      await compare(comparison, link, frames);
    }
    expectExplained(comparison, 'real');
    expect(comparison.frames).toBeGreaterThan(LONG ? 190_000 : 7000);
  });

  test(`agree on ${MUTATIONS} mutated frames (PARSER_SEED=${SEED})`, { timeout: 3_600_000 }, async () => {
    const comparison = new Comparison();
    const source = random(SEED);
    for (let left = MUTATIONS; left > 0; left -= BATCH) {
      const count = Math.min(left, BATCH);
      const bare = Math.round(count * IP_SHARE);
      await compare(comparison, 'ip', mutatedFrames(files, bare, 'ip', source));
      await compare(comparison, 'ethernet', mutatedFrames(files, count - bare, 'ethernet', source));
    }
    expectExplained(comparison, 'mutated');
    expect(comparison.frames).toBe(MUTATIONS);
  });
});
