/** Finds words that may have been meant. */

export interface Candidate {
  /** Compared with the word that was typed. */
  readonly word: string;
  /** Replacement for the typed word: the word, possibly preceded by others. */
  readonly text: string;
}

/**
 * Returns the texts of similar candidates, nearest first, equally near ones in the given order. One letter in three may
 * be wrong, missing, extra or swapped with its neighbour.
 */
export function nearestTexts(typed: string, candidates: Iterable<Candidate>): readonly string[] {
  const maxDistance = Math.max(1, Math.floor(typed.length / 3)) + 0.5;
  const near: { readonly text: string; readonly distance: number }[] = [];
  for (const { word, text } of candidates) {
    if (Math.abs(word.length - typed.length) > maxDistance) continue;
    const distance = distanceOf(typed, word);
    if (distance < maxDistance) near.push({ text, distance });
  }
  return near.sort((one, other) => one.distance - other.distance).map(({ text }) => text);
}

/** Returns the nearest word; undefined if none is near. */
export function nearest(typed: string, words: Iterable<string>): string | undefined {
  return nearestTexts(typed, asTheyAre(words))[0];
}

/** Makes candidates of words that need no other word before them. */
export function asTheyAre(words: Iterable<string>): readonly Candidate[] {
  return [...words].map((word) => ({ word, text: word }));
}

/** Counts letters to add, remove, change or swap with a neighbour; a swap counts slightly less than the others. */
export function distanceOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = (last[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = swaps ? (beforeLast[j - 2] as number) + 0.9 : changed;
      row.push(Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, changed, swapped));
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length] as number;
}
