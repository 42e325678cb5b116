import { RulesCompileError } from './compile-error.ts';

/**
 * Assigns each rule a counter slot from 1 to `limit` - 1. A rule keeps its slot. Other rules get slots that no rule of
 * `previous` has, while there are any: packets that the old rules are still deciding count into theirs. The caller must
 * clear the counters of new rules' slots before it publishes the image.
 */
export function assignCounterSlots(
  ids: readonly number[],
  previous: ReadonlyMap<number, number>,
  limit: number,
): Map<number, number> {
  if (ids.length >= limit) {
    const most = limit - 1;
    throw new RulesCompileError(
      'limit',
      `${ids.length} rules are more than the ${most} counters: put addresses with the same treatment into a set, which is one rule.`,
      most,
    );
  }
  const slots = new Map<number, number>();
  for (const id of ids) {
    const slot = previous.get(id);
    if (slot !== undefined && slot < limit) slots.set(id, slot);
  }
  const free = freeSlots(new Set(slots.values()), new Set(previous.values()), limit);
  for (const id of ids) if (!slots.has(id)) slots.set(id, free.next().value as number);
  return slots;
}

function* freeSlots(kept: ReadonlySet<number>, avoided: ReadonlySet<number>, limit: number): Generator<number, void> {
  for (let slot = 1; slot < limit; slot++) if (!avoided.has(slot)) yield slot;
  for (const slot of avoided) if (slot < limit && !kept.has(slot)) yield slot;
}
