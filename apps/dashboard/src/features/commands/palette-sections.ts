import type { TimeSpan } from '../../node/past/past.ts';
import { rangeText } from '../../text/calendar-text.ts';
import { shortFilter } from '../../text/filter-text.ts';
import { COMMAND_GROUPS, type Command } from '../../ui/keys/key-bindings.ts';
import { readTime } from '../past/index.ts';
import { type Found, find } from './find-command.ts';
import { filterOffers } from './palette-filters.ts';

export interface PaletteSection {
  readonly title: string;
  readonly found: readonly Found<Command>[];
}

/**
 * Returns the sections of the palette. Without a query they have all commands, recent ones first, then by group; with
 * one they have the matches, best first.
 */
export function paletteSections(
  commands: readonly Command[],
  query: string,
  recent: readonly string[],
  filter: { readonly text: string; readonly apply: (text: string) => void },
  time: { readonly nowMs: number; readonly show: (range: TimeSpan) => void },
): readonly PaletteSection[] {
  const unique = uniqueByName(commands);
  if (query.trim() === '') {
    const recentlyUsed = recent.flatMap((name) => unique.find((command) => command.name === name) ?? []);
    const groups = COMMAND_GROUPS.map((group) => ({
      title: group,
      found: unique.filter((command) => command.group === group && !recentlyUsed.includes(command)).map(unmarked),
    }));
    return [{ title: 'Recently used', found: recentlyUsed.map(unmarked) }, ...groups].filter(
      ({ found }) => found.length > 0,
    );
  }
  const offers = filterOffers(query, filter.text).map(
    (offer): Command => ({
      keys: [],
      name: shortFilter(offer.name, 90),
      group: 'Filter',
      run: () => filter.apply(offer.filter),
    }),
  );
  const range = readTime(query, time.nowMs);
  const times: readonly Command[] =
    range === null
      ? []
      : [{ keys: [], name: `Show ${rangeText(range, time.nowMs)}`, group: 'Time', run: () => time.show(range) }];
  const found = find(unique, query, recent);
  return [
    { title: 'As a time', found: times.map(unmarked) },
    { title: 'Commands', found },
    { title: 'As a filter', found: offers.map(unmarked) },
  ].filter((section) => section.found.length > 0);
}

function unmarked(entry: Command): Found<Command> {
  return { entry, marked: [] };
}

/** Keeps the first command of each name: it is also the one whose key wins. */
function uniqueByName(commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ name }, i) => commands.findIndex((other) => other.name === name) === i);
}
