/**
 * Frees the memory of an array that is not used any more: all of its buffer. V8 counts this memory as if it were in its
 * heap, and collects the garbage of the whole thread when some megabytes have become garbage.
 *
 * Does nothing for a part of the pool of node:buffer, and in Node.js 20, which cannot free memory.
 */
import * as threads from 'node:worker_threads';

/** Node.js 21 and later; the types that this package builds with are older. */
const { isMarkedAsUntransferable } = threads as { isMarkedAsUntransferable?: (object: object) => boolean };

export function freeBytes({ buffer }: ArrayBufferView): void {
  if (!(buffer instanceof ArrayBuffer) || isMarkedAsUntransferable?.(buffer)) return;
  buffer.transfer?.(0);
}
