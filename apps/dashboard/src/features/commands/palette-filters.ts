/** What a text in the palette could mean as a filter. */
import { NO_FILTER, narrowed, readFilterText } from '../../text/filter-text.ts';

export interface FilterOffer {
  readonly name: string;
  /** To be applied. */
  readonly filter: string;
}

/** Only a text that is a filter as it stands, or a port, is offered. */
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
