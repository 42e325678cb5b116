import type { NodeMessage } from './figures.ts';

/** Returns the number of bans in force on the shown nodes. Not the whole check, which is not part of the first load. */
export function activeBans(messages: readonly NodeMessage[]): number {
  return messages.reduce((sum, { message }) => {
    const { active } = (message ?? {}) as { active?: unknown };
    return sum + (Number.isSafeInteger(active) ? (active as number) : 0);
  }, 0);
}
