/**
 * Stores which contents of the rules file were accepted, so that they need no further check, and which were not
 * confirmed in time. Contents are identified by `contentHash`.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isThere } from './regular-file.ts';

const MAX_ACCEPTED = 32;
const MAX_UNCONFIRMED = 16;

const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const stateSchema = z.object({
  version: z.literal(1),
  /** Ids below this one were used, also by rules that were never confirmed. */
  next_id: z.number().int().positive(),
  accepted: z.array(hash),
  unconfirmed: z.array(hash),
  /** SHA-256 of the copies of lists, by set name. */
  lists: z.optional(z.record(z.string(), z.string())),
});
export type RulesState = z.output<typeof stateSchema>;

export const NO_STATE: RulesState = { version: 1, next_id: 1, accepted: [], unconfirmed: [] };

/** Reads the state. If the file cannot be read, returns one without accepted contents: all are then checked again. */
export function readState(path: string): RulesState {
  try {
    if (!isThere(path)) return NO_STATE;
    return stateSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? NO_STATE;
  } catch {
    return NO_STATE;
  }
}

export function stateText(state: RulesState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

/** Records that `content` was confirmed, forced, or is neither risky nor a lockout. */
export function withAccepted(state: RulesState, content: string, nextId: number): RulesState {
  return {
    ...state,
    next_id: Math.max(state.next_id, nextId),
    accepted: newest(state.accepted, content, MAX_ACCEPTED),
    unconfirmed: state.unconfirmed.filter((each) => each !== content),
  };
}

/** Records that `content` is provisionally in force. */
export function withUnconfirmed(state: RulesState, content: string, nextId: number): RulesState {
  return {
    ...state,
    next_id: Math.max(state.next_id, nextId),
    unconfirmed: newest(state.unconfirmed, content, MAX_UNCONFIRMED),
  };
}

function newest(hashes: readonly string[], content: string, max: number): string[] {
  return [...hashes.filter((each) => each !== content), content].slice(-max);
}
