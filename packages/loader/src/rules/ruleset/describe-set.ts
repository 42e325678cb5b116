import type { RuleSet } from '@packetlog/common';
import { addressListLength } from '../lists/address-list.ts';
import type { NamedSet } from './ruleset.ts';

/** Describes a set for clients, without its networks. */
export function describeSet({ name, origin, list, loadedAtMs }: NamedSet): RuleSet {
  const entries = addressListLength(list);
  return { name, entries, ...(origin.kind === 'file' ? { file: origin.path } : {}), loaded_at_ms: loadedAtMs };
}
