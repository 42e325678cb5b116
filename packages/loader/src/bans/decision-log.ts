/** The decisions about bans, on the disk: one JSON object per line, a decision or the undoing of its ban. */
import { type Decision, decisionSchema } from '@packetlog/common';
import { LineLog } from '../rules/store/line-log.ts';

/** Decisions are kept for this long, or as long as there is room. */
export const DECISIONS_KEPT_MS = 90 * 24 * 3_600_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** 128 MiB with the current file: about 25,000 decisions. */
const MAX_ROTATED = 15;
/** Of more, a client of the network is not answered: reading takes time. */
export const CLIENT_BYTES = 16 * 1024 * 1024;
const ALL_BYTES = (MAX_ROTATED + 1) * 2 * MAX_BYTES;
/** A line begins with id, kind and source, so that others need not be parsed. */
const HEAD_BYTES = 160;
const HEAD = /^\{"decision":\{"id":(\d+),"at_ms":[\d.]+,"kind":"\w+","source":"([^"]*)"/;
const UNDONE = '{"undone":';

type Undone = NonNullable<Decision['undone']>;
/** `id`: of the decision. */
export type UndoneBan = Undone & { readonly id: number };

export interface DecisionQuery {
  readonly id?: number | undefined;
  /** Returns whether a decision about this source is wanted; undefined: all are. */
  readonly isWanted?: ((source: string) => boolean) | undefined;
  /** Only decisions with a lower id. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

export class DecisionLog {
  readonly #log: LineLog;

  /** `maxBytes` is for tests. */
  constructor(path: string, maxBytes = MAX_BYTES) {
    this.#log = new LineLog(path, { maxBytes, maxRotated: MAX_ROTATED, maxAgeMs: DECISIONS_KEPT_MS });
  }

  /** Throws the file system's error. */
  append(decisions: readonly Decision[]): void {
    // The order of the fields is that of HEAD.
    const lines = decisions.map(({ id, at_ms, kind, source, ...rest }) =>
      JSON.stringify({ decision: { id, at_ms, kind, source, ...rest } }),
    );
    if (lines.length > 0) this.#log.append(lines);
  }

  /** Records that the bans of these decisions were undone. Throws the file system's error. */
  undone(undone: readonly UndoneBan[]): void {
    this.#log.append(undone.map((each) => JSON.stringify({ undone: each })));
  }

  /** Returns decisions, newest first. Skips lines that are none. Throws LineLogError. */
  find(query: DecisionQuery, nowMs: number, tailBytes = ALL_BYTES): Decision[] {
    const found: Decision[] = [];
    const undone = new Map<number, Undone>();
    for (const line of this.#log.newestFirst(tailBytes)) {
      const head = line.toString('latin1', 0, HEAD_BYTES);
      if (head.startsWith(UNDONE)) {
        const [id, facts] = parseUndone(line) ?? [];
        if (id !== undefined && facts !== undefined) undone.set(id, facts);
        continue;
      }
      const match = matchOf(head, query);
      if (match === 'older') break;
      const decision = match === 'yes' ? parseDecision(line) : undefined;
      if (decision === undefined) continue;
      if (decision.at_ms < nowMs - DECISIONS_KEPT_MS) break;
      const facts = undone.get(decision.id);
      found.push(facts === undefined ? decision : { ...decision, undone: facts });
      if (found.length >= query.limit) break;
    }
    return found;
  }
}

/** `older`: no further line can match. */
function matchOf(head: string, { id, isWanted, beforeId }: DecisionQuery): 'yes' | 'no' | 'older' {
  const [, lineId, source] = HEAD.exec(head) ?? [];
  if (lineId === undefined || source === undefined) return 'no';
  const number = Number(lineId);
  if (id !== undefined) return number < id ? 'older' : number === id ? 'yes' : 'no';
  if (beforeId !== undefined && number >= beforeId) return 'no';
  return isWanted === undefined || isWanted(source) ? 'yes' : 'no';
}

function parseDecision(line: Buffer): Decision | undefined {
  return decisionSchema.safeParse(parsed(line)?.['decision']).data;
}

function parseUndone(line: Buffer): [number, Undone] | undefined {
  const { id, ...facts } = (parsed(line)?.['undone'] ?? {}) as { id?: unknown };
  const undone = decisionSchema.shape.undone.safeParse(facts);
  return typeof id === 'number' && undone.success && undone.data !== undefined ? [id, undone.data] : undefined;
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
