/** Offers the text of the palette as a filter. */
import { NO_FILTER, narrowed, readFilterText } from '../../text/filter-text.ts';

export interface FilterOffer {
  readonly name: string;
  /** The filter to apply. */
  readonly filter: string;
}

/** Returns the filters to offer for `text`: none unless it is a valid filter or a port. */
export function filterOffers(text: string, now: string): readonly FilterOffer[] {
  const typed = text.trim();
  if (typed === '') return [];
  const wanted = [typed, `port ${typed}`].find(parses);
  if (wanted === undefined || wanted === now) return [];
  const only = { name: `Show only: ${wanted}`, filter: wanted };
  const both = narrowed(now, wanted);
  return now === NO_FILTER || !parses(both) ? [only] : [only, { name: `Show only: ${both}`, filter: both }];
}

function parses(text: string): boolean {
  return readFilterText(text).trouble === null;
}
