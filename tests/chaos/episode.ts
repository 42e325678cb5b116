/** Runs the faults of an episode one after the other, and checks the invariants after each. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Holdings, holdingsOf, leaks } from './holdings.ts';
import { ChaosLab } from './lab.ts';
import { seededRandom } from './random.ts';
import { isDisturbed, type Reading, read } from './reading.ts';
import type { Episode, Planned } from './schedule.ts';
import { violations } from './violations.ts';

/** Until when sums that do not hold may still be on their way: reports of a loader are a second apart. */
const SETTLE_DEADLINE_MS = 15_000;
const SETTLE_POLL_MS = 50;
/** Characters of the loader's output that are shown with a broken promise. */
const EVIDENCE = 2000;

/** Another process interfered with the lab: nothing is proven. */
export class DisturbedError extends Error {
  override readonly name = 'DisturbedError';
  constructor() {
    super('another process removed a namespace of the lab, or ran its program');
  }
}

export interface FaultResult {
  readonly seed: number;
  /** In its episode, from 0. */
  readonly index: number;
  readonly kind: string;
  readonly recoveryMs: number;
  readonly packets: number;
  readonly violations: readonly string[];
}

/** A lab with what was true after its last fault. */
interface Bench {
  readonly lab: ChaosLab;
  reading: Reading;
  /** Of the loader with this pid. */
  holdings: Holdings | undefined;
  pid: number;
}

export async function runEpisode({ seed, settings, faults }: Episode, report: (result: FaultResult) => void) {
  let bench: Bench | undefined;
  try {
    for (const [index, planned] of faults.entries()) {
      bench ??= await prepare(await ChaosLab.create(settings));
      const result = { seed, index, ...(await cause(bench, planned)) };
      if (bench.lab.isSpoiled || isDisturbed(bench.reading)) throw new DisturbedError();
      report(result);
      if (result.violations.length === 0) continue;
      // What is wrong once would be reported again.
      await bench.lab.dispose();
      bench = undefined;
    }
  } finally {
    await bench?.lab.dispose();
  }
}

async function prepare(lab: ChaosLab): Promise<Bench> {
  try {
    await lab.start().untilPrinted(/Waiting for Ctrl-C/);
    await lab.deny();
    await lab.untilHealthy();
    await lab.view();
    const reading = await read(lab, 0);
    return { lab, reading, holdings: await holdingsOf(lab), pid: lab.loader?.pid ?? 0 };
  } catch (error) {
    await lab.dispose();
    throw error;
  }
}

async function cause(bench: Bench, { kind, seed }: Planned): Promise<Omit<FaultResult, 'seed' | 'index'>> {
  const { lab, reading } = bench;
  const random = seededRandom(seed);
  lab.windows = [];
  lab.forgotten.clear();
  lab.cable.settle();
  let recoveryMs = 0;
  const found: string[] = [];
  try {
    await lab.sender.start();
    await delay(random.integer(10, 60));
    const recover = await kind.inject(lab, random);
    const from = performance.now();
    await recover();
    await lab.untilHealthy();
    recoveryMs = performance.now() - from;
    await lab.closeWindows();
    await delay(random.integer(10, 60));
    await lab.sender.pause();
    found.push(...(await settle(bench, Date.now())));
  } catch (error) {
    found.push(error instanceof Error ? error.message : String(error));
  }
  if (found.length > 0) found.push(`its loader wrote: ${lab.loader?.stderr.slice(-EVIDENCE)}`);
  return { kind: kind.name, recoveryMs, packets: bench.reading.next - reading.next, violations: found };
}

/**
 * Waits until the loader has reported and everything holds, and returns what does not at the deadline. `pausedAt`: when
 * the last frame was sent (Unix time, ms).
 */
async function settle(bench: Bench, pausedAt: number): Promise<string[]> {
  const { lab } = bench;
  const before = bench.reading;
  const held = lab.loader?.pid === bench.pid ? bench.holdings : undefined;
  const deadline = performance.now() + SETTLE_DEADLINE_MS;
  for (;;) {
    const found: string[] = [];
    try {
      const after = await read(lab, before.next);
      const holdings = await holdingsOf(lab);
      const { windows, forgotten } = lab;
      found.push(...violations({ before, after, windows, forgotten }), ...leaks(held, holdings));
      const { at_ms } = after.status.ledger;
      // Before its first report, a loader answers with the time of its answer.
      if (at_ms < pausedAt || at_ms >= after.askedAt) found.push('the loader has not reported since the last frame');
      bench.reading = after;
      bench.holdings = held ?? holdings;
      bench.pid = lab.pid;
    } catch (error) {
      found.push(String(error));
    }
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(SETTLE_POLL_MS);
  }
}
