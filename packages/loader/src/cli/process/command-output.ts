/** What every command of commander does with its output. */
import type { OutputConfiguration } from 'commander';
import { print } from './print.ts';
import { printableLines } from './terminal-text.ts';

/** Messages quote the arguments, which a script may have from outside. */
export const COMMAND_OUTPUT: OutputConfiguration = {
  writeOut: print,
  outputError: (text, write) => write(printableLines(text)),
};
