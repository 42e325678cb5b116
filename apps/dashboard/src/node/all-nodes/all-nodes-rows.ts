import { type Acknowledgement, PACKET_LOG_SIZE, type PacketLogView, type PastRowsRequest } from '@packetlog/common';
import type { AskPast, NodesAnswered, NodeWithout, PastAnswers } from '../messages/past-events.ts';
import { recordsOf } from '../rows/past-records.ts';
import { byteOf } from '../rows/record-arrays.ts';

/** Positions that are remembered, of tables and exports: each needs two. */
const MAX_POSITIONS = 64;

/** A node that is asked for rows. */
export interface RowsNode {
  readonly name: string;
  readonly askPast: AskPast;
  /** Maps an interface number of this node to a number among all nodes. */
  readonly indexOf: (ifindex: number) => number;
}

/** Rows of one node that were read and not returned yet, newest last. */
interface Unread {
  readonly node: RowsNode;
  /** Pages, oldest first; of each the first `length` rows. */
  readonly pages: readonly { readonly view: PacketLogView; readonly length: number }[];
  readonly next: string | undefined;
  readonly isDone: boolean;
  readonly names: ReadonlyMap<number, string>;
}

interface Position {
  readonly unread: readonly Unread[];
  readonly without: readonly NodeWithout[];
  readonly before: string | undefined;
}

type Answer = Acknowledgement<PastAnswers['past:rows']>;

const IFINDEX_AT = byteOf('ifindex');

/**
 * Merges recorded rows of several nodes by time, by their own clocks, page by page, newest first. For a page, as many rows
 * as it has are read of each node, so that none can have a newer one; those that are not in it are kept for the next page.
 */
export class AllNodesRows {
  readonly #positions = new Map<string, Position>();
  #last = 0;

  /** Answers as one node does. `nodes` and `without`: those of a first page; later pages are of the same nodes. */
  async page(
    request: PastRowsRequest,
    { nodes, without }: { nodes: readonly RowsNode[]; without: readonly NodeWithout[] },
    unwanted?: AbortSignal,
  ): Promise<Answer> {
    const { before, limit } = request;
    const known = before === undefined ? undefined : this.#positions.get(before);
    if (before !== undefined && known === undefined) return FORGOTTEN;
    const start: Position = known ?? {
      unread: nodes.map((node) => ({ node, pages: [], next: undefined, isDone: false, names: new Map() })),
      without,
      before: undefined,
    };
    const read = await Promise.all(start.unread.map((unread) => readOn(unread, request, unwanted)));
    const failed = read.flatMap((each) => (each.ok ? [] : [each]));
    const unread = read.flatMap((each) => (each.ok ? [each.value] : []));
    // The loader says when to ask again: the page is read then. A node that failed otherwise is left out.
    const stop = failed.find(({ error }) => error.retry_after_ms !== undefined) ?? (unread.length === 0 && failed[0]);
    if (stop) return { ok: false, error: { ...stop.error, message: `${stop.name}: ${stop.error.message}` } };
    const rest = [
      ...start.without,
      ...failed.map(({ name, error }) => ({ name, why: 'failed' as const, message: error.message })),
    ];
    const { records, unread: left } = merged(unread, limit);
    const position = { unread: left, without: rest, before };
    const next = left.some(({ pages, isDone }) => !isDone || pages.length > 0) ? this.#remember(position) : undefined;
    return {
      ok: true,
      value: {
        records,
        interfaces: left.flatMap(({ names }) => [...names].map(([ifindex, name]) => ({ ifindex, name }))),
        ...(next !== undefined && { next }),
        nodes: { answered: left.map(({ node }) => node.name), without: rest } satisfies NodesAnswered,
      },
    };
  }

  #remember(position: Position): string {
    // A page is asked for again only until the one after it is known.
    const before = position.before === undefined ? undefined : this.#positions.get(position.before);
    if (before?.before !== undefined) this.#positions.delete(before.before);
    const key = String(++this.#last);
    this.#positions.set(key, position);
    const [oldest] = this.#positions.keys();
    if (this.#positions.size > MAX_POSITIONS && oldest !== undefined) this.#positions.delete(oldest);
    return key;
  }
}

const FORGOTTEN = {
  ok: false,
  error: { code: 'unavailable', message: 'This page no longer knows where it was: show the range again.' },
} as const;

type Read =
  | { readonly ok: true; readonly value: Unread }
  | { readonly ok: false; readonly name: string; readonly error: Extract<Answer, { ok: false }>['error'] };

/** Reads older rows of a node until there are `limit`, or all. */
async function readOn(unread: Unread, request: PastRowsRequest, unwanted?: AbortSignal): Promise<Read> {
  let { pages, next, isDone } = unread;
  const names = new Map(unread.names);
  const { node } = unread;
  while (!isDone && pages.reduce((sum, { length }) => sum + length, 0) < request.limit) {
    const { before: _, ...range } = request;
    const answer = await node.askPast('past:rows', { ...range, ...(next !== undefined && { before: next }) }, unwanted);
    if (!answer.ok) return { ok: false, name: node.name, error: answer.error };
    const view = recordsOf(answer.value.records);
    for (const { ifindex, name } of answer.value.interfaces) {
      const index = node.indexOf(ifindex);
      // A name of now applies to newer packets, which were read first.
      if (!names.has(index)) names.set(index, `${node.name} ${name}`);
    }
    if (view.length > 0) pages = [{ view, length: view.length }, ...pages];
    next = answer.value.next;
    isDone = next === undefined;
  }
  return { ok: true, value: { node, pages, next, isDone, names } };
}

/** Takes the newest rows of all nodes, up to `limit`, as records in base64, oldest first. */
function merged(unread: readonly Unread[], limit: number): { records: string; unread: Unread[] } {
  const heads = unread.map(({ pages }) => pages.map((page) => ({ ...page })));
  const bytes = new Uint8Array(limit * PACKET_LOG_SIZE);
  const data = new DataView(bytes.buffer);
  let at = bytes.length;
  while (at > 0) {
    const newest = newestOf(heads);
    const page = heads[newest]?.at(-1);
    const node = unread[newest]?.node;
    if (page === undefined || node === undefined) break;
    at -= PACKET_LOG_SIZE;
    page.length--;
    page.view.copyRecord(page.length, bytes, at);
    data.setUint32(at + IFINDEX_AT, node.indexOf(page.view.ifindex(page.length)), true);
    if (page.length === 0) heads[newest]?.pop();
  }
  return { records: base64(bytes.subarray(at)), unread: unread.map((each, i) => ({ ...each, pages: heads[i] ?? [] })) };
}

/** Returns the index of the node with the newest row; -1 if none has rows. */
function newestOf(heads: readonly (readonly { view: PacketLogView; length: number }[])[]): number {
  let newest = -1;
  let newestNs = -1n;
  for (const [i, pages] of heads.entries()) {
    const page = pages.at(-1);
    if (page === undefined) continue;
    const ns = page.view.timestampNs(page.length - 1);
    if (ns <= newestNs) continue;
    newest = i;
    newestNs = ns;
  }
  return newest;
}

/** Records per part: what a call can take as arguments. */
const PART = 8192;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PART) text += String.fromCharCode(...bytes.subarray(at, at + PART));
  return btoa(text);
}
