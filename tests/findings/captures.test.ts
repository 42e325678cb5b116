/**
 * Captures that others made, replayed on their own times: what is found in each is listed and justified. Needs root. The
 * long form, `pnpm test:findings`, has all captures, and writes its results.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ACTIONS, encodePacketLog, FindingsDetector, findingText, PACKET_LOG_SIZE, REASONS } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonRecord } from '../e2e/console-output.ts';
import { pcapHeader, pcapRecord } from '../lab/capture-file.ts';
import { requireRoot } from '../lab/root.ts';
import { type RealFrame, readFrames } from '../parser/captures/read-frames.ts';
import { replayed } from '../parser/captures/replayed.ts';
import { captureFiles, SOURCES } from '../parser/captures/sources.ts';
import { JUSTIFIED } from './justified.ts';
import { isLong, note } from './results.ts';

const LINK_TYPES = { ethernet: 1, ip: 101 } as const;
/** BPF_PROG_TEST_RUN takes no shorter frame. */
const LEAST_BYTES = 14;
const NS_PER_MS = 1_000_000n;
/** After the last packet, so that its second is evaluated. */
const AFTER_MS = 2000;

interface Capture {
  readonly name: string;
  readonly frames: readonly RealFrame[];
}

describe.skipIf(!requireRoot())('captures', () => {
  let scratch: string;
  let rules: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'packetlog-findings-'));
    rules = join(scratch, 'rules.json');
    writeFileSync(rules, '{"version": 1, "rules": []}');
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** Runs the frames of all captures through the program at once, and returns the records of each. */
  async function recordsOf(captures: readonly Capture[], link: RealFrame['link']): Promise<JsonRecord[][]> {
    const path = join(scratch, `${link}.pcap`);
    const frames = captures.flatMap((capture) => capture.frames);
    const records = frames.flatMap(({ bytes, length, timestampNs = 0n }) => pcapRecord({ bytes, length, timestampNs }));
    writeFileSync(path, Buffer.concat([pcapHeader(LINK_TYPES[link]), ...records]), { mode: 0o644 });
    const all = await replayed(path, rules);
    expect(all).toHaveLength(frames.length);
    return captures.map(({ frames: { length } }) => all.splice(0, length));
  }

  test('only what is justified is found', { timeout: 3_600_000 }, async () => {
    const sources = isLong ? SOURCES : SOURCES.slice(0, 1);
    const files = sources.flatMap((source) => captureFiles(source).map((path) => ({ path, source })));
    const fired: { capture: string; finding: string; justified: string }[] = [];
    let [captures, packets, seconds] = [0, 0, 0];
    for (const link of ['ethernet', 'ip'] as const) {
      const read = files
        .map(({ path, source }) => ({
          name: `${source.name}: ${basename(path)}`,
          frames: readFrames(path).filter((frame) => frame.link === link && frame.bytes.length >= LEAST_BYTES),
        }))
        .filter(({ frames }) => frames.length > 0);
      const all = await recordsOf(read, link);
      for (const [i, { name }] of read.entries()) {
        const { findings, durationMs } = found(all[i] ?? []);
        captures++;
        packets += all[i]?.length ?? 0;
        seconds += durationMs / 1000;
        for (const finding of findings) fired.push({ capture: name, finding, justified: JUSTIFIED[name] ?? '' });
      }
    }
    note('captures', { captures, packets, hours: Math.round(seconds / 36) / 100, fired });
    expect(fired.filter(({ justified }) => justified === '')).toEqual([]);
    expect(captures).toBeGreaterThan(isLong ? 700 : 300);
  });
});

/** A pause in a capture longer than this is not part of its duration: the capture consists of several. */
const LONGEST_PAUSE_MS = 3_600_000;

function found(records: readonly JsonRecord[]): { findings: string[]; durationMs: number } {
  const detector = new FindingsDetector({ seed: 1 });
  let durationMs = 0;
  let before: number | undefined;
  for (const record of records) {
    const atMs = Number(BigInt(record.timestamp_ns) / NS_PER_MS);
    // The next part of a merged capture, with earlier times.
    if (before !== undefined && atMs < before - 5000) detector.tick(atMs);
    if (before !== undefined && atMs > before && atMs - before < LONGEST_PAUSE_MS) durationMs += atMs - before;
    before = atMs;
    detector.add(encoded(record), 0, 1, PACKET_LOG_SIZE);
  }
  detector.tick((before ?? 0) + AFTER_MS);
  const { open, closed } = detector.findings(0);
  return { findings: [...closed, ...open].map(findingText), durationMs };
}

function encoded({ interface: _, ...record }: JsonRecord): Uint8Array {
  return encodePacketLog({
    ...record,
    timestamp_ns: BigInt(record.timestamp_ns),
    action: ACTIONS[record.action as keyof typeof ACTIONS],
    reason: REASONS[record.reason as keyof typeof REASONS],
  });
}
