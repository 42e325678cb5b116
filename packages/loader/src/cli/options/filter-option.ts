/** `--filter`: parses its text, and builds its errors and warnings. */
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

/** Columns of the text that are shown before the mark. */
const BEFORE = 60;
const AFTER = 40;

/** Returns two lines: the text, or the relevant part of it, and a mark under the error. */
function markedText({ text, from, to }: FilterError): string {
  const start = Math.max(0, from - BEFORE);
  const end = Math.min(text.length, Math.max(from + 1, to) + AFTER);
  // Replace each character by exactly one, so that the mark stays in its column.
  const shown = text
    .slice(start, end)
    .replace(/\s/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd');
  const mark = '^'.repeat(Math.max(1, Math.min(to, end) - from));
  return `  ${shown}\n  ${' '.repeat(from - start)}${mark}`;
}

/** Warns of interface names that do not exist: they are more often typing errors than future interfaces. */
export function filterWarnings(filter: Filter, interfaces: InterfaceNames): readonly string[] {
  return interfacesNamed(filter)
    .filter((name) => interfaces.indexesOf(name).length === 0)
    .map((name) => `Warning: --filter names ${printableName(name)}, and no interface of this name is watched.`);
}
