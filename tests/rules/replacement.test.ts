/** Rule sets are replaced while packets arrive: each packet is checked against one complete set. Needs root. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InterfaceLedger } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import { requireRoot } from '../lab/root.ts';
import { buildSender, type SenderBuild, sendNumbered } from '../sequence/pair.ts';

const REPLACEMENTS = 1000;
/** A multiple of 256, so that as many packets have an odd first byte as an even one. */
const PACKETS = 256 * 4096;

/** Sends packets on every CPU in turn until the replacements end; returns their number. */
async function floodDuring(work: Promise<unknown>, build: SenderBuild, program: number): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let sent = 0;
  while (!isOver) {
    const { sent: each } = await sendNumbered(build, program, ['flood', '0', String(PACKETS)]);
    sent += each.reduce((sum, count) => sum + count, 0);
  }
  await over;
  return sent;
}

describe.skipIf(!requireRoot())('a rule set that replaces another', () => {
  it('permits no denied packet and drops no permitted one, 1,000 times', { timeout: 300_000 }, async () => {
    const build = await buildSender();
    const script = fileURLToPath(new URL('./replacer.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, String(REPLACEMENTS)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const replacer: Dialogue = dialogueWith(child, 'replacer');
    try {
      const { program } = await replacer.ask<{ program: number }>();
      const replaced = replacer.ask<{ replaced: number }>('replace');
      const sent = await floodDuring(replaced, build, program);
      expect((await replaced).replaced).toBe(REPLACEMENTS);
      const { counted, by_rules } = await replacer.ask<{ counted: InterfaceLedger; by_rules: number }>('count');
      expect(sent).toBeGreaterThan(1_000_000);
      expect(counted).toMatchObject({ seen: sent, denied: sent / 2, permitted: sent / 2, aborted: 0 });
      const { emitted, sampled_out, filtered_out, ring_full } = counted;
      expect(emitted + sampled_out + filtered_out + ring_full).toBe(sent);
      // Of two packets, a rule decides about one and the default policy about the other, except while a set is replaced.
      expect(Math.abs(by_rules - sent / 2)).toBeLessThanOrEqual(REPLACEMENTS);
    } finally {
      await replacer.end();
      build.remove();
    }
  });
});
