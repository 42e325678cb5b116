/** Handles unknown commands: `packetlog rnu`. */
import { existsSync } from 'node:fs';
import { nearest } from '@packetlog/common';
import { printableName } from '../system/interface-name.ts';

/** Returns a sentence that suggests the command that was probably meant. `commands`: all commands. */
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
