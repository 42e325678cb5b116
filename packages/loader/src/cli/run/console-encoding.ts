/** Encodes records for `--print`. */
import { packetLogJson } from '@packetlog/common';
import { type EncodeRecords, type FormatRecord, inLines } from '../../print/console-printer.ts';
import { wantsColour } from '../../print/terminal.ts';
import { TextLines } from '../../print/text-line.ts';
import { printableName } from '../../system/interface-name.ts';
import type { PrintFormat } from '../options/run-settings.ts';

/** Returns the encoding for `print`; undefined for none. `showInterface`: whether text lines name the interface. */
export function consoleEncoding(
  print: PrintFormat,
  nameOf: FormatRecord,
  showInterface: boolean,
): { encode: EncodeRecords } | undefined {
  if (print === 'none') return undefined;
  if (print === 'json') return { encode: inLines((view, i) => packetLogJson(view, i, nameOf(view, i))) };
  const lines = new TextLines({ colour: wantsColour(process.stdout.isTTY, process.env), showInterface });
  return { encode: inLines((view, i) => lines.line(view, i, printableName(nameOf(view, i)))) };
}
