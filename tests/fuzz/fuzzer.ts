/**
 * A coverage-guided fuzzer: runs changed inputs, and keeps those that run a block which no input ran before, or one
 * much more often. Reports what throws, what takes long, and memory that grows.
 */
import { type Material, mutated } from './mutate.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './targets.ts';

export interface Finding {
  readonly kind: 'error' | 'stall' | 'growth';
  readonly message: string;
  /** In base64; absent for `growth`. */
  readonly input?: string;
}

export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly blocks: number;
  readonly corpus: number;
  /** Of inputs after the warm-up: the longest time of the faster of several runs, ms. */
  readonly slowest_ms: number;
  readonly heap_growth_bytes: number;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  /** Ends after this many inputs, or this time. */
  readonly inputs: number;
  readonly seconds: number;
  readonly seed: number;
  readonly corpus: readonly Uint8Array[];
  /** Called before each input runs. */
  readonly began: (input: Uint8Array) => void;
  readonly progress: (inputs: number, blocks: number, corpus: number) => void;
}

/** Inputs that V8 needs to compile the target. */
const WARM_UP = 20_000;
const STALL_MS = 50;
/** A slow input runs again so often, and its CPU time counts: this thread may have been interrupted. */
const RETRIES = 5;
const MAX_CORPUS = 3000;
const MAX_KEPT = 150;
const MAX_KEPT_BYTES = 1024;
const MAX_FINDINGS = 10;
const MAX_HEAP_GROWTH = 16 * 1024 * 1024;
const PROGRESS_MS = 10_000;
/** Inputs between two looks at the clock. */
const ROUND = 64;
/** Part of the work after which the heap should not grow. */
const SETTLED = 0.3;

/** What instrument.mjs provides, and `--expose-gc`. */
const { fuzzCoverage, fuzzWords, fuzzCounters, gc } = globalThis as unknown as {
  readonly fuzzCoverage: Uint8Array;
  readonly fuzzWords: ReadonlySet<string>;
  readonly fuzzCounters: () => number;
  readonly gc: () => void;
};

const FOUR_COUNTS = new Uint32Array(fuzzCoverage.buffer);

/** The type declarations are those of the oldest Node.js that the packages run on. */
export const threadCpuUsage = (process as unknown as { threadCpuUsage: typeof process.cpuUsage }).threadCpuUsage.bind(
  process,
);

/** The lowest count of each range; a block that runs more often than before, by a range, is something new. */
const RANGES = [1, 2, 3, 4, 8, 16, 32, 128];
/** The bit of the range of each count. */
const CLASS = Uint8Array.from(
  { length: 256 },
  (_, count) => (1 << RANGES.filter((lowest) => lowest <= count).length) >> 1,
);

export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #seen: Uint8Array;
  readonly #corpus: Uint8Array[] = [];
  readonly #findings = new Map<string, Finding>();
  #slowestMs = 0;
  #ran = 0;

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#seen = new Uint8Array(fuzzCounters());
  }

  run(): FuzzResult {
    const since = performance.now();
    const { inputs, seconds, corpus, progress } = this.#options;
    /** Part of the work that is done, 0 to 1. */
    const done = () => Math.max(this.#ran / inputs, (performance.now() - since) / 1000 / seconds);
    const material = this.#material();
    for (const input of [...this.#target.seeds.map(bytesOf), ...corpus, new Uint8Array(0)]) {
      this.#try(input);
      if (this.#corpus.length === 0) this.#corpus.push(input);
    }
    let heapBefore: number | undefined;
    let next = performance.now();
    while (done() < 1 && this.#findings.size < MAX_FINDINGS) {
      for (let i = 0; i < ROUND; i++) this.#try(mutated(this.#choose(), material));
      if (heapBefore === undefined && done() >= SETTLED) heapBefore = this.#heap();
      if (performance.now() < next) continue;
      progress(this.#ran, this.blocks, this.#corpus.length);
      next = performance.now() + PROGRESS_MS;
    }
    const growth = this.#heap() - (heapBefore ?? Number.POSITIVE_INFINITY);
    if (growth > MAX_HEAP_GROWTH) this.#found({ kind: 'growth', message: `the heap grew by ${growth} bytes` });
    return {
      target: this.#target.name,
      inputs: this.#ran,
      seconds: Math.round((performance.now() - since) / 100) / 10,
      blocks: this.blocks,
      corpus: this.#corpus.length,
      slowest_ms: Math.round(this.#slowestMs * 10) / 10,
      heap_growth_bytes: growth,
      findings: [...this.#findings.values()],
    };
  }

  /** Number of blocks that have run. */
  get blocks(): number {
    return this.#seen.reduce((count, classes) => count + (classes === 0 ? 0 : 1), 0);
  }

  /** Returns few short inputs that together run the same blocks as the corpus. */
  minimised(): Uint8Array[] {
    const left = new Set<number>();
    const kept: Uint8Array[] = [];
    for (const [i, classes] of this.#seen.entries()) if (classes !== 0) left.add(i);
    for (const input of [...this.#corpus].sort((a, b) => a.length - b.length)) {
      if (kept.length === MAX_KEPT || input.length > MAX_KEPT_BYTES) break;
      this.#execute(input);
      let isNew = false;
      for (const i of left) {
        if ((fuzzCoverage[i] ?? 0) === 0) continue;
        left.delete(i);
        isNew = true;
      }
      if (isNew) kept.push(input);
    }
    return kept;
  }

  #material(): Material {
    const words = [...fuzzWords].map((word) => new Uint8Array(Buffer.from(word)));
    return { random: this.#random, words, other: () => this.#random.of(this.#corpus), maxBytes: this.#target.maxBytes };
  }

  /** Half of the time one of the newest inputs. */
  #choose(): Uint8Array {
    const { length } = this.#corpus;
    const newest = Math.max(1, length >> 3);
    const i = this.#random.below(2) === 0 ? length - 1 - this.#random.below(newest) : this.#random.below(length);
    return this.#corpus[i] as Uint8Array;
  }

  #try(input: Uint8Array): void {
    this.#ran++;
    let ms = this.#execute(input);
    if (this.#isNew() && this.#corpus.length < MAX_CORPUS) this.#corpus.push(input.slice());
    const isWarm = this.#ran >= WARM_UP;
    if (ms <= (isWarm ? this.#slowestMs : STALL_MS)) return;
    for (let i = 0; i < RETRIES; i++) {
      const before = threadCpuUsage();
      this.#execute(input);
      const { user, system } = threadCpuUsage(before);
      ms = Math.min(ms, (user + system) / 1000);
    }
    if (isWarm) this.#slowestMs = Math.max(this.#slowestMs, ms);
    if (ms > STALL_MS)
      this.#found({ kind: 'stall', message: `${Math.round(ms)} ms for ${input.length} bytes`, input: base64(input) });
  }

  /** Runs the target; returns the time it took, ms. */
  #execute(input: Uint8Array): number {
    fuzzCoverage.fill(0, 0, this.#seen.length);
    this.#options.began(input);
    const since = performance.now();
    try {
      this.#target.run(input);
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#found({ kind: 'error', message, input: base64(input) });
    }
    return performance.now() - since;
  }

  /** Returns whether the last input ran something new, and remembers it. */
  #isNew(): boolean {
    let isNew = false;
    // Most blocks do not run: four of them are skipped at once.
    for (let word = 0; word * 4 < this.#seen.length; word++) {
      if (FOUR_COUNTS[word] !== 0 && this.#areNew(word * 4)) isNew = true;
    }
    return isNew;
  }

  /** Does the same for four blocks. */
  #areNew(first: number): boolean {
    const seen = this.#seen;
    let isNew = false;
    for (let i = first; i < first + 4 && i < seen.length; i++) {
      const known = seen[i] as number;
      const both = known | (CLASS[fuzzCoverage[i] as number] as number);
      if (both === known) continue;
      seen[i] = both;
      isNew = true;
    }
    return isNew;
  }

  /** Errors from the same place are one finding, and so are all stalls. */
  #found(finding: Finding): void {
    const [place = ''] = finding.message.split('\n').filter((line) => /^\s+at /.test(line));
    const key = finding.kind === 'error' ? place : finding.kind;
    if (!this.#findings.has(key)) this.#findings.set(key, finding);
  }

  /** Bytes in use, without the corpus. */
  #heap(): number {
    // Array buffers are freed after the collection that finds them unused.
    for (let i = 0; i < 3; i++) gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external - this.#corpus.reduce((sum, { length }) => sum + length, 0);
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function bytesOf(seed: string | Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(seed as string));
}
