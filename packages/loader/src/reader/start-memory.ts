/** Returns the memory that the start has left, once. */
import { collectGarbage, START_GARBAGE_MS } from '../collect-garbage.ts';
import { trimHeap } from '../native/trim-heap.ts';

/** Later than the main thread collects: the C library's free memory is that of the whole process. */
const RELEASE_MS = START_GARBAGE_MS + 1000;

export class StartMemory {
  #dueAt: number;

  /** `nowMs`: by performance.now(), as below. */
  constructor(nowMs: number) {
    this.#dueAt = nowMs + RELEASE_MS;
  }

  /** Milliseconds until it is due; Infinity afterwards. */
  dueInMs(nowMs: number): number {
    return Math.max(0, this.#dueAt - nowMs);
  }

  /** Call it while no packets arrive: it may take 20 ms. */
  release(nowMs: number): void {
    if (nowMs < this.#dueAt) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    collectGarbage();
    trimHeap();
  }
}
