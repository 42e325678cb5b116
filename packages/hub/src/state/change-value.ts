/** Changes one value of the state although other hubs may change it, too. */
import { type HubState, StateConflict } from './hub-state.ts';

const MAX_ATTEMPTS = 50;

/** The new value, undefined to remove it, and what `changeValue` resolves with. */
export interface Decided<T> {
  readonly value: string | undefined;
  readonly result: T;
}

/**
 * Calls `decide` with the newest value, undefined if there is none, and stores what it returns, unless it is equal;
 * repeats both if another change comes first. What `decide` throws leaves the value as it is.
 */
export async function changeValue<T>(
  state: HubState,
  key: string,
  decide: (value: string | undefined) => Decided<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const stored = await state.get(key);
    const { value, result } = decide(stored?.value);
    if (value === stored?.value) return result;
    const expected = stored?.revision ?? 0;
    try {
      if (value === undefined) await state.remove(key, expected);
      else await state.put(key, value, expected);
      return result;
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
