/** Parses `--filter`, and builds its errors and warnings. */
import { type Filter, FilterError, interfacesNamed, parseFilter } from '@packetlog/common';
import { InvalidArgumentError } from 'commander';
import type { InterfaceNames } from '../../ipc/interface-table.ts';
import { printableName } from '../../system/interface-name.ts';

/** @throws InvalidArgumentError with the text and a mark under the error. */
export function filterOption(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new InvalidArgumentError(`${error.message}\n${markedText(error)}`);
  }
}

/** Maximum columns of the text shown before and after the error. */
const COLUMNS_BEFORE = 60;
const COLUMNS_AFTER = 40;

/** Returns two lines: the text, or the relevant part of it, and a mark under the error. */
function markedText({ text, from, to }: FilterError): string {
  const start = Math.max(0, from - COLUMNS_BEFORE);
  const end = Math.min(text.length, Math.max(from + 1, to) + COLUMNS_AFTER);
  // Each replacement has one character, so that the mark stays in its column.
  const shown = text
    .slice(start, end)
    .replace(/\s/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd');
  const mark = '^'.repeat(Math.max(1, Math.min(to, end) - from));
  return `  ${shown}\n  ${' '.repeat(from - start)}${mark}`;
}

/** Warns of names of interfaces that are not watched: they are more often typos than interfaces to come. */
export function filterWarnings(filter: Filter, interfaces: InterfaceNames): readonly string[] {
  return interfacesNamed(filter)
    .filter((name) => interfaces.indexesOf(name).length === 0)
    .map((name) => `Warning: --filter names ${printableName(name)}, which is not a watched interface.`);
}
