/**
 * Entries of `journal.ndjson`, which lies beside the segments and says what the records cannot: what the interfaces were
 * called, which rules were in force, what is missing and why.
 */
import * as z from 'zod/mini';

/** Text in the file: nanoseconds exceed 2^53. */
const ns = z.codec(z.string().check(z.regex(/^\d{1,20}$/)), z.bigint().check(z.nonnegative()), {
  decode: (text) => BigInt(text),
  encode: (value) => String(value),
});
const count = z.int().check(z.nonnegative());

/** Fields of later versions are kept. */
export const journalEntrySchema = z.discriminatedUnion('kind', [
  /** Recording begins. */
  z.looseObject({ kind: z.literal('start'), at_ns: ns, node: z.string(), version: z.string() }),
  /** Recording ends in an orderly way. Without it before the next `start`, the recorder was killed. */
  z.looseObject({ kind: z.literal('stop'), at_ns: ns }),
  /** Records that are in no segment, between two times. */
  z.looseObject({ kind: z.literal('gap'), at_ns: ns, from_ns: ns, to_ns: ns, records: count, cause: z.string() }),
  /** The interfaces from this time on: all of them, by ifindex. */
  z.looseObject({
    kind: z.literal('interfaces'),
    at_ns: ns,
    names: z.record(z.string().check(z.regex(/^\d{1,10}$/)), z.string()),
  }),
  /** The rules in force from this time on. */
  z.looseObject({ kind: z.literal('rules'), at_ns: ns, version: count, hash: z.string() }),
  /** A segment that was deleted because of its age or the size of all segments. */
  z.looseObject({
    kind: z.literal('expired'),
    at_ns: ns,
    file: z.string(),
    from_ns: ns,
    to_ns: ns,
    records: count,
    permits: count,
    denies: count,
  }),
  /** Records that `packetlog forget` removed from a segment, with their times. It does not say whose they were. */
  z.looseObject({ kind: z.literal('forgotten'), at_ns: ns, file: z.string(), from_ns: ns, to_ns: ns, records: count }),
]);

export type JournalEntry = z.output<typeof journalEntrySchema>;
export type JournalEntryOf<K extends JournalEntry['kind']> = Extract<JournalEntry, { kind: K }>;
