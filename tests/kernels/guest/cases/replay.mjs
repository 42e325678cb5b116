// @ts-check
/** `packetlog replay` of a small capture; the host compares the output with its own (evaluate/replay.mjs). */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const P = { same: 'records, verdicts and sums as on the host' };
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const { replayArguments } = await import('../lab/replayed.mjs');
  await lab.network();
  const { code, out, err } = await lab.command(...replayArguments(mkdtempSync(join(tmpdir(), 'replay-'))));
  lab.facts(P.same, { code, out: out.split('\n'), err });
}
