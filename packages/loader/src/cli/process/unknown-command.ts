/** Builds the error for unknown commands, such as `packetlog rnu`. */
import { existsSync } from 'node:fs';
import { nearest } from '@packetlog/common';
import { printableName } from '../../system/interface-name.ts';

/** Returns the error text, with the most similar of `commands` as a suggestion. */
export function unknownCommand(
  word: string,
  commands: readonly string[],
  isInterface = (name: string) => !name.includes('/') && existsSync(`/sys/class/net/${name}`),
): string {
  const shown = printableName(word);
  if (isInterface(word)) return `error: interfaces are named with an option: packetlog --iface ${shown}`;
  const near = nearest(word, commands);
  return `error: unknown command '${shown}'${near === undefined ? '' : `. Did you mean '${near}'?`}`;
}
