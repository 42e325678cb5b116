/** Answers questions about the levels of limits, from the kernel. */
import {
  type Acknowledgement,
  type CheckedLimitsTopRequest,
  type LimitLevels,
  limitsTopSchema,
  type Rejection,
} from '@packetlog/common';
import type { LimitStateCopy } from '../../ipc/rule-counts.ts';
import { type ImageLimit, imageLimits } from '../../xdp/limits/image-limits.ts';
import { type DecodedLevels, decodeLevels } from './decode-levels.ts';

/** A limit is read at most once in this time, however many clients ask: the drain thread reads it between packets. */
const FRESH_MS = 500;

export interface LimitLevelsParts {
  /** The image that decides about packets; undefined: there is none. */
  readonly image: () => SharedArrayBuffer | undefined;
  readonly state: (counterSlot: number) => Promise<LimitStateCopy | undefined>;
  /** Called with an internal error, to log it. */
  readonly failed: (error: unknown) => void;
}

interface Read {
  readonly atMs: number;
  readonly image: SharedArrayBuffer;
  readonly levels: Promise<(DecodedLevels & { readonly evictedConnections: number | undefined }) | undefined>;
}

export class LimitLevelsReader {
  readonly #parts: LimitLevelsParts;
  /** By counter slot. */
  readonly #reads = new Map<number, Read>();

  constructor(parts: LimitLevelsParts) {
    this.#parts = parts;
  }

  /** Handles a request `limits:top`. Never rejects. */
  async top(request: unknown): Promise<Acknowledgement<LimitLevels>> {
    const parsed = limitsTopSchema.safeParse(request);
    if (!parsed.success) {
      return rejected({ code: 'invalid', message: parsed.error.issues[0]?.message ?? 'It cannot be read.' });
    }
    try {
      return await this.#answer(parsed.data);
    } catch (error) {
      this.#parts.failed(error);
      const why = error instanceof Error ? error.message : String(error);
      return rejected({ code: 'unavailable', message: `The levels cannot be read: ${why}` });
    }
  }

  async #answer({ rule, count }: CheckedLimitsTopRequest): Promise<Acknowledgement<LimitLevels>> {
    const image = this.#parts.image();
    const all = image === undefined ? [] : imageLimits(new Uint8Array(image));
    const limits = rule === undefined ? all : all.filter(({ ruleId }) => ruleId === rule);
    if (rule !== undefined && limits.length === 0) {
      return rejected({ code: 'invalid', message: `Rule ${rule} is no limit in force. See packetlog rules list.` });
    }
    const nowMs = Date.now();
    this.#forgetAllBut(new Set(all.map(({ counterSlot }) => counterSlot)));
    const answers: LimitLevels['limits'] = [];
    let atMs = nowMs;
    let evicted_connections: number | undefined;
    for (const limit of limits) {
      const read = this.#read(limit, image as SharedArrayBuffer, nowMs);
      const levels = await read.levels;
      // It was removed just now.
      if (levels === undefined) continue;
      atMs = Math.min(atMs, read.atMs);
      const { evictedConnections, ...level } = levels;
      evicted_connections = evictedConnections ?? evicted_connections;
      answers.push({ rule: limit.ruleId, ...level, top: level.top.slice(0, count) });
    }
    const evicted = evicted_connections === undefined ? {} : { evicted_connections };
    return { ok: true, value: { at_ms: atMs, limits: answers, ...evicted } };
  }

  #read(limit: ImageLimit, image: SharedArrayBuffer, nowMs: number): Read {
    const known = this.#reads.get(limit.counterSlot);
    if (known !== undefined && known.image === image && Math.abs(nowMs - known.atMs) < FRESH_MS) return known;
    const levels = this.#parts
      .state(limit.counterSlot)
      .then(
        (state) => state && { ...decodeLevels(limit, state, Date.now()), evictedConnections: state.evictedConnections },
      );
    // Whoever waits handles it; the next question asks again.
    levels.catch(() => this.#reads.delete(limit.counterSlot));
    const read = { atMs: nowMs, image, levels };
    this.#reads.set(limit.counterSlot, read);
    return read;
  }

  #forgetAllBut(slots: ReadonlySet<number>): void {
    for (const slot of this.#reads.keys()) if (!slots.has(slot)) this.#reads.delete(slot);
  }
}

function rejected(error: Rejection): { ok: false; error: Rejection } {
  return { ok: false, error };
}
