/** Formats the checks as text, at most 80 columns wide. Pure. */
import type { Check, CheckState } from './doctor-check.ts';

const COLUMNS = 80;
const STATE = 6;
const ID = 17;
const INDENT = STATE + ID;
const COLOR: Readonly<Record<CheckState, string>> = { ok: '32', warn: '33', fail: '31' };

/** `hasColor`: whether the output is a terminal that shows colors. */
export function reportText(checks: readonly Check[], hasColor = false): string[] {
  return [...checks.flatMap((check) => linesOf(check, hasColor)), '', summaryOf(checks)];
}

function linesOf({ id, state, finding, fix }: Check, hasColor: boolean): string[] {
  const word = state.padEnd(STATE);
  const shown = hasColor ? `\x1b[${COLOR[state]}m${word}\x1b[0m` : word;
  const [first = '', ...rest] = wrapped(finding);
  const fixLines = fix === null ? [] : wrapped(`Fix: ${fix}`);
  return [`${shown}${id.padEnd(ID)}${first}`, ...[...rest, ...fixLines].map((line) => `${' '.repeat(INDENT)}${line}`)];
}

/** Breaks a text between words; a word that is too long for a line, such as a path, has its own. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && INDENT + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function summaryOf(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  return `${count('ok')} ok, ${warnings} warn, ${failures} fail. ${verdictOf(checks, failures)}`;
}

function verdictOf(checks: readonly Check[], failures: number): string {
  if (failures > 0) return 'packetlog run would fail with these options.';
  const isRunning = checks.some(({ id, state }) => id === 'loader' && state === 'warn');
  if (isRunning) return 'packetlog already runs: see packetlog status.';
  return 'packetlog run would start with these options.';
}
