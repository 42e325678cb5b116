/** `--filter`: its text, and what is said about it. */
import { type Filter, FilterError, interfacesNamed, parseFilter } from '@packetlog/common';
import { InvalidArgumentError } from 'commander';
import type { InterfaceNames } from '../../ipc/interface-table.ts';
import { printableName } from '../../system/interface-name.ts';

/** @throws InvalidArgumentError with the text and a mark under the place. */
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

/** Two lines: the text, or the part of it that matters, and what to look at. */
function markedText({ text, from, to }: FilterError): string {
  const start = Math.max(0, from - BEFORE);
  const end = Math.min(text.length, Math.max(from + 1, to) + AFTER);
  // One character for one, so that the mark stands under its place.
  const shown = text
    .slice(start, end)
    .replace(/\s/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd');
  const mark = '^'.repeat(Math.max(1, Math.min(to, end) - from));
  return `  ${shown}\n  ${' '.repeat(from - start)}${mark}`;
}

/** A name that nothing has is more often mistyped than awaited. */
export function filterWarnings(filter: Filter, interfaces: InterfaceNames): readonly string[] {
  return interfacesNamed(filter)
    .filter((name) => interfaces.indexesOf(name).length === 0)
    .map((name) => `Warning: --filter names ${printableName(name)}, and no interface of this name is watched.`);
}
