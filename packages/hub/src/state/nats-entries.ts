/** Keys and values of the state as NATS has them. */
import type { KvEntry } from '@nats-io/kv';
import type { Stored } from './hub-state.ts';

/** Dots separate the parts of a subject, and a dot in a key would be one: it becomes `=`, which no key contains. */
export function toSubject(key: string): string {
  return key.replaceAll('.', '=').replaceAll('/', '.');
}

export function toKey(subject: string): string {
  return subject.replaceAll('.', '/').replaceAll('=', '.');
}

/** Returns undefined for the marker of a removed key. */
export function storedIn(entry: KvEntry): Stored | undefined {
  return entry.operation === 'PUT' ? { value: entry.string(), revision: entry.revision } : undefined;
}
