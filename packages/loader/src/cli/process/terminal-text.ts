/** Makes text safe to print: names and reasons come from outside, and must not control a terminal or forge lines. */
import { printableName } from '../../system/interface-name.ts';

/** Escapes everything that a terminal interprets, except line feeds. */
export function printableLines(text: string): string {
  return text.split('\n').map(printableName).join('\n');
}

/** Characters that JSON allows and a terminal interprets: DEL, C1 controls, and those that change the direction. */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Formats a value as JSON on one line, with escapes for everything that a terminal interprets. */
export function terminalJson(value: unknown): string {
  return printableJson(JSON.stringify(value));
}

/** Does the same with JSON text. */
export function printableJson(json: string): string {
  return json.replace(TERMINAL_CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
