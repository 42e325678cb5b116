// @ts-check
/** Compares what `packetlog replay` printed with what it prints on this machine's kernel. Needs root. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKETLOG } from '../guest/lab/loader.mjs';
import { FRAMES, replayArguments } from '../guest/lab/replayed.mjs';

const RULES = 5;

/** @returns {string[]} the lines of the output */
function replayHere() {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-replay-'));
  try {
    const { status, stdout, stderr } = spawnSync(PACKETLOG, replayArguments(directory), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`packetlog replay on this machine: ${stderr}`);
    return stdout.split('\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * @param {Record<string, any>} facts @param {() => readonly string[]} here
 * @returns {{ cell: string, problems: string[] }}
 */
export function evaluateReplay({ code, out, err }, here = replayHere) {
  const problems = code === 0 ? [] : [`exit code ${code}, not 0: ${err}`];
  const should = here();
  for (const [i, line] of should.entries()) {
    if (out[i] !== line) problems.push(`line ${i + 1}: ${out[i]}, not ${line}`);
  }
  if (out.length !== should.length) problems.push(`${out.length} lines, not ${should.length}`);
  // Both could be wrong: the last line says what was replayed, and that each rule decided something.
  const { capture, rules } = JSON.parse(should.at(-2) ?? '{}');
  if (capture?.frames !== FRAMES) problems.push(`${capture?.frames} frames on this machine, not ${FRAMES}`);
  if (rules?.length !== RULES) problems.push(`${rules?.length} rules decided on this machine, not ${RULES}`);
  return { cell: `${capture?.replayed} frames`, problems };
}
