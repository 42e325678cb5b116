// @ts-check
import { setImmediate, setTimeout } from 'node:timers/promises';

/**
 * Calls `send(i)` for each i below `count`, no faster than `perSecond` on average since the start. Makes up for late
 * timers, so the average does not depend on how long a wait really took.
 * @param {number} count
 * @param {number | undefined} perSecond
 * @param {(i: number) => Promise<void> | void} send
 */
export async function pace(count, perSecond, send) {
  const started = performance.now();
  for (let i = 0; i < count; ) {
    const due =
      perSecond === undefined ? count : Math.min(count, 1 + ((performance.now() - started) * perSecond) / 1000);
    for (; i < due; i++) await send(i);
    if (i < count) await (perSecond === undefined ? setImmediate() : setTimeout(1));
  }
}
