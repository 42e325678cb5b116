/** Reads records that the hub has stored as JSON. */
import type { StateChanged } from '../state/hub-state.ts';

interface RecordSchema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** A record cannot be read. */
class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

/** Returns a callback for changes that keeps what it knows where another hub, of another version, stores something else. */
export function ignoringDamaged(changed: StateChanged): StateChanged {
  return (key, stored) => {
    try {
      changed(key, stored);
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
    }
  };
}

/** Throws an Error that names the key: only another version of the hub, or an accident, can have changed the record. */
export function readRecord<T>(key: string, text: string, schema: RecordSchema<T>): T {
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new DamagedRecord(
    `read ${key} in the hub's state: it is damaged, or of another version. Restore the state from a backup, or use the version that wrote it.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
