/** Finds commands by a few typed letters, best match first. */

export interface Findable {
  readonly name: string;
  /** Extra words that a query can match. */
  readonly keywords?: string;
}

export interface Found<T extends Findable> {
  readonly entry: T;
  /** Indexes of the matched letters of the name. */
  readonly marked: readonly number[];
}

/**
 * Returns the entries that match every word of `query`; all entries, in order, if it is empty. Recent entries win ties.
 */
export function find<T extends Findable>(
  entries: readonly T[],
  query: string,
  recent: readonly string[],
): readonly Found<T>[] {
  const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length === 0) return entries.map((entry) => ({ entry, marked: [] }));
  return entries
    .flatMap((entry) => {
      const hits = terms.map((word) => hitIn(entry, word));
      if (hits.includes(null)) return [];
      const score = hits.reduce((sum, hit) => sum + (hit?.score ?? 0), 0);
      return [{ entry, marked: hits.flatMap((hit) => hit?.marked ?? []), score }];
    })
    .toSorted((a, b) => b.score - a.score || rank(recent, a.entry) - rank(recent, b.entry))
    .map(({ entry, marked }) => ({ entry, marked }));
}

function rank(recent: readonly string[], { name }: Findable): number {
  const at = recent.indexOf(name);
  return at < 0 ? recent.length : at;
}

interface Hit {
  readonly score: number;
  readonly marked: readonly number[];
}

function hitIn({ name, keywords = '' }: Findable, word: string): Hit | null {
  const text = name.toLowerCase();
  const start = wordStarts(text).find((at) => text.startsWith(word, at));
  if (start !== undefined) return { score: 5, marked: range(start, word.length) };
  if (wordStarts(keywords).some((at) => keywords.toLowerCase().startsWith(word, at))) return { score: 4, marked: [] };
  const inside = text.indexOf(word);
  if (inside >= 0) return { score: 3, marked: range(inside, word.length) };
  const spread = scattered(text, word);
  return spread === null ? null : { score: 1, marked: spread };
}

/**
 * Returns the indexes of `letters` in order, each right after the previous one or at the start of a later word: "gtr"
 * in "Go To Rules".
 */
function scattered(text: string, letters: string, from = 0): readonly number[] | null {
  const [letter, ...others] = letters;
  if (letter === undefined) return [];
  const next = from > 0 && text[from] === letter ? [from] : [];
  for (const at of [...next, ...wordStarts(text).filter((start) => start >= from && text[start] === letter)]) {
    const rest = scattered(text, others.join(''), at + 1);
    if (rest !== null) return [at, ...rest];
  }
  return null;
}

function wordStarts(text: string): readonly number[] {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)].map(({ index }) => index);
}

function range(from: number, length: number): readonly number[] {
  return Array.from({ length }, (_, i) => from + i);
}

const MAX_RECENT = 6;

export function withRecent(recent: readonly string[], name: string): readonly string[] {
  return [name, ...recent.filter((each) => each !== name)].slice(0, MAX_RECENT);
}
