import type { RuleSet } from '@packetlog/common';
import { addressListLength } from '../lists/address-list.ts';
import type { NamedSet } from './ruleset.ts';

/** A set without what is in it, as clients are told. */
export function describeSet({ name, origin, list, loadedAtMs }: NamedSet): RuleSet {
  const entries = addressListLength(list);
  return { name, entries, ...(origin.kind === 'file' ? { file: origin.path } : {}), loaded_at_ms: loadedAtMs };
}
