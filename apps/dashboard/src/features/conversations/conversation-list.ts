import { probesOf } from './conversation-probes.ts';
import type { Conversations } from './conversations.ts';
import { ListedScan, ScanSerials } from './listed-scan.ts';
import { type Members, presentMembers, sumScan } from './scan-sums.ts';
import { findScans, type Scan } from './scans.ts';

export const CONVERSATION_ORDERS = ['newest', 'packets', 'bytes', 'last'] as const;
/**
 * `newest` sorts by when conversations and scans began, so neighbours stay neighbours. The other orders change at most
 * every two seconds.
 */
export type ConversationOrder = (typeof CONVERSATION_ORDERS)[number];

const REORDER_EVERY_MS = 2_000;
const NOTHING: Members = { indexes: [], serials: [] };

/** A line: a conversation, or a scan in place of its conversations. */
interface Line {
  /** Serial of the conversation; of a scan, negative. */
  readonly serial: number;
  /** Index of the conversation; -1 for a scan. */
  readonly index: number;
  readonly scan: ListedScan | null;
  /** Whether it is below an expanded scan. */
  readonly isMember: boolean;
  /** What the order sorts by. */
  readonly rank: number;
}

/**
 * Order of the lines: each conversation is in one line, its own or that of a scan. Counts change in place, and scans
 * grow in place; lines move only while the pointer is elsewhere.
 */
export class ConversationList {
  readonly #conversations: Conversations;
  readonly #scanSerials = new ScanSerials();
  /** Lines, without those of an expanded scan. */
  #top: readonly Line[] = [];
  #lines: readonly Line[] = [];
  readonly #scans = new Map<string, ListedScan>();
  #expanded: number | null = null;
  #newestSerial = 0;
  #order: ConversationOrder | null = null;
  #orderedAt = Number.NEGATIVE_INFINITY;
  #newcomers = 0;
  #cleared = 0;

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  /** Number of lines, with those of the expanded scan. */
  get length(): number {
    return this.#lines.length;
  }

  /** Number of lines, without those of the expanded scan. */
  get topLength(): number {
    return this.#top.length;
  }

  /** Lines to come, of conversations that began while lines were held. */
  get newcomers(): number {
    return this.#newcomers;
  }

  /** Returns the index of the conversation in this line; -1 if it was evicted, or the line is a scan. */
  indexAt(line: number): number {
    const { index, serial } = this.#lines[line] ?? { index: -1, serial: 0 };
    return index >= 0 && this.#conversations.serial[index] === serial ? index : -1;
  }

  /** Returns the scan in this line; null for a conversation. */
  scanAt(line: number): ListedScan | null {
    return this.#lines[line]?.scan ?? null;
  }

  /** Whether this line is a conversation of the expanded scan. */
  isMember(line: number): boolean {
    return this.#lines[line]?.isMember ?? false;
  }

  /** Returns the line of the conversation or scan with this serial number; -1 if it has none. */
  lineOf(serial: number): number {
    return this.#lines.findIndex((line) => line.serial === serial);
  }

  serialAt(line: number): number {
    return this.#lines[line]?.serial ?? 0;
  }

  /** Serial of the scan whose conversations are below its line; null if there is none. */
  get expanded(): number | null {
    return this.#expanded;
  }

  /** Shows the conversations of this scan below its line; of none if it is null, or has no line. */
  expand(serial: number | null): void {
    this.#expanded = this.#top.some((line) => line.scan?.serial === serial) ? serial : null;
    this.#lines = this.#top.flatMap((line) =>
      line.scan !== null && line.serial === serial ? [line, ...this.#memberLines(line.scan)] : [line],
    );
  }

  /** Returns whether lines changed. `held` keeps lines in place while the user reads. */
  refresh(order: ConversationOrder, held: boolean, now: number): boolean {
    const changed = order !== this.#order || this.#conversations.cleared !== this.#cleared;
    const waits = order !== 'newest' && now - this.#orderedAt < REORDER_EVERY_MS;
    if (!changed && (held || waits)) {
      this.#newcomers = this.#join();
      return false;
    }
    this.#order = order;
    this.#cleared = this.#conversations.cleared;
    this.#orderedAt = now;
    this.#arrange(order);
    return true;
  }

  #arrange(order: ConversationOrder): void {
    const { serial, size } = this.#conversations;
    const found = findScans(probesOf(this.#conversations));
    const inScan = new Set(found.flatMap(({ probes }) => probes));
    this.#scanSerials.retain(found);
    this.#scans.clear();
    const lines = found.map((scan) => this.#scanLine(scan, order));
    for (let index = 0; index < size; index++) if (!inScan.has(index)) lines.push(this.#line(index, order));
    this.#top = lines.sort(byRank);
    this.#newestSerial = serial.subarray(0, size).reduce((newest, each) => Math.max(newest, each), 0);
    this.#newcomers = 0;
    this.expand(this.#expanded);
  }

  /** Lets new conversations join the scans they belong to, in place. Returns the number of lines to come. */
  #join(): number {
    const { serial, size } = this.#conversations;
    const isNew = (index: number) => (serial[index] as number) > this.#newestSerial;
    for (const scan of this.#scans.values()) scan.join(NOTHING);
    let alone = 0;
    for (let index = 0; index < size; index++) if (isNew(index)) alone++;
    if (alone === 0) return 0;
    let lines = 0;
    for (const { key, probes } of findScans(probesOf(this.#conversations))) {
      const joining = probes.filter(isNew);
      alone -= joining.length;
      const scan = this.#scans.get(key);
      scan?.join({ indexes: joining, serials: joining.map((index) => serial[index] as number) });
      // Below an expanded scan, each is a line.
      if (scan?.serial === this.#expanded) lines += joining.length;
      else if (scan === undefined && joining.length > 0) lines++;
    }
    return lines + alone;
  }

  #scanLine({ kind, key, probes }: Scan, order: ConversationOrder): Line {
    const serials = probes.map((index) => this.#conversations.serial[index] as number);
    const { serial, beganAt } = this.#scanSerials.of(key, serials);
    const scan = new ListedScan(kind, serial, { indexes: probes, serials });
    this.#scans.set(key, scan);
    const sums = sumScan(this.#conversations, scan);
    const rank = { newest: beganAt, packets: sums?.packets, bytes: sums?.bytes, last: sums?.lastMs }[order] ?? 0;
    return { serial, index: -1, scan, isMember: false, rank };
  }

  #memberLines(scan: ListedScan): Line[] {
    const order = this.#order ?? 'newest';
    return presentMembers(this.#conversations, scan)
      .map((index) => this.#line(index, order, true))
      .sort(byRank);
  }

  #line(index: number, order: ConversationOrder, isMember = false): Line {
    const { serial, packets, bytes, lastMs } = this.#conversations;
    const rank = { newest: serial, packets, bytes, last: lastMs }[order][index] as number;
    return { serial: serial[index] as number, index, scan: null, isMember, rank };
  }
}

function byRank(a: Line, b: Line): number {
  return b.rank - a.rank || b.serial - a.serial;
}
