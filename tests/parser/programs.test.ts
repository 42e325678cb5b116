/** All programs, on captures that others made: the same bytes, and room on the stack. Needs root. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAMS } from '@packetlog/bpf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { stackDepths } from '../lab/verifier.ts';
import { rulesDocument, someRules } from './captures/comparable-rules.ts';
import { realFrames, writeFrames } from './captures/frame-files.ts';
import { replayed, replayedLines } from './captures/replayed.ts';
import { note } from './captures/results.ts';
import { SOURCES } from './captures/sources.ts';
import { random } from './mutation.ts';

const LONG = process.env['PARSER_RESULTS'] !== undefined;
/** The verifier permits 512 bytes (MAX_BPF_STACK). */
const MAX_STACK = 464;
const KINDS = (['array', 'ring', 'perf'] as const).flatMap((transport) =>
  (['single', 'frags'] as const).map((buffers) => ({ transport, buffers })),
);

/** The program is first; it calls the others, each of which calls at most one more. */
function deepest([program = 0, ...called]: number[]): number {
  const [first = 0, second = 0] = called.sort((a, b) => b - a);
  return program + first + second;
}

describe.skipIf(!requireRoot())('the programs', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'packetlog-parser-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('all six give the same records and verdicts', { timeout: 1_200_000 }, async () => {
    const path = join(scratch, 'frames.pcap');
    const rules = join(scratch, 'rules.json');
    const frames = realFrames(LONG ? SOURCES : SOURCES.slice(0, 1))
      .flat()
      .filter(({ link }) => link === 'ethernet');
    writeFrames(path, 'ethernet', frames);
    writeFileSync(rules, '{"version": 1, "rules": []}');
    const records = await replayed(path, rules);
    writeFileSync(rules, rulesDocument(someRules(records, random(3))));
    const hashes = new Map<string, string>();
    for (const { transport, buffers } of KINDS) {
      const one = buffers === 'single' ? ['--one-buffer'] : [];
      const lines = await replayedLines(path, rules, '--transport', transport, ...one);
      expect(lines.length).toBe(frames.length + 1);
      hashes.set(`${transport} ${buffers}`, createHash('sha256').update(lines.join('\n')).digest('hex'));
    }
    note('programs', { frames: frames.length, programs: hashes.size, different: new Set(hashes.values()).size - 1 });
    expect(new Set(hashes.values()).size, JSON.stringify([...hashes])).toBe(1);
    expect(hashes.size).toBe(6);
  });

  test(`use at most ${MAX_STACK} of 512 bytes of stack`, () => {
    const names = Object.values(PROGRAMS).flatMap((each) => Object.values(each));
    const depths = names.map((name) => [name, deepest(stackDepths(name))] as const);
    note('stack', Object.fromEntries(depths));
    expect(names).toHaveLength(6);
    for (const [name, depth] of depths) expect([name, depth <= MAX_STACK]).toEqual([name, true]);
    expect(Math.min(...depths.map(([, depth]) => depth))).toBeGreaterThan(100);
  });
});
