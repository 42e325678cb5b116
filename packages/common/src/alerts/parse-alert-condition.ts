/** Parses the condition of an alert: `denied > 1000/s for 10s`. */
import { FilterError } from '../filter/filter-error.ts';
import { parseFilter } from '../filter/parse.ts';
import { parseDuration } from '../rules/duration.ts';
import { RuleValueError } from '../rules/rule-value-error.ts';
import {
  ALERT_RATES,
  ALERT_SHARES,
  ALERT_STATES,
  type AlertCondition,
  type AlertRate,
  type AlertShare,
  FILTERED_RATES,
  type RateCondition,
  type ShareCondition,
} from './alert-condition.ts';
import { AlertConditionError } from './alert-condition-error.ts';

/** Longest text of a condition. */
export const MAX_ALERT_CONDITION = 2048;
const MAX_FOR_MS = 24 * 3_600_000;
/** Above it, sums of doubles are not exact. */
const MAX_THRESHOLD = 1e12;
/** More than 200,000 new sources per second are not counted. */
const MAX_NEW_SOURCES = 100_000;
const PRECISION = 1000;
const MAX_SHOWN = 40;

const EXAMPLE = '"denied > 1000/s for 10s"';
const MULTIPLES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };
const MEASURES = [...ALERT_RATES, 'disk', ...ALERT_STATES] as const;

/**
 * Parses a condition. Spaces may surround every part; numbers may end with k, M or G.
 * @throws AlertConditionError that says what to write
 */
export function parseAlertCondition(text: string): AlertCondition {
  if (text.length > MAX_ALERT_CONDITION) {
    throw new AlertConditionError('The condition is too long', `write at most ${MAX_ALERT_CONDITION} characters`);
  }
  const measure = MEASURES.find((each) => startsWithWords(text, each));
  if (measure === undefined) throw unknownMeasure(text);
  const rest = afterWords(text, measure);
  if (isRate(measure)) return rateCondition(measure, rest);
  if (measure === 'disk') return diskCondition(rest);
  return { kind: 'state', state: measure, for_ms: duration(rest) };
}

/** Whether the text begins with these words, whatever the spaces between them. */
function startsWithWords(text: string, words: string): boolean {
  return pattern(words).test(text);
}

function afterWords(text: string, words: string): string {
  return text.replace(pattern(words), '').trim();
}

const pattern = (words: string) => new RegExp(`^\\s*${words.split(' ').join('\\s+')}(?![\\w-])`);

function isRate(measure: string): measure is AlertRate {
  return (ALERT_RATES as readonly string[]).includes(measure);
}

function unknownMeasure(text: string): AlertConditionError {
  if (text.trim() === '') return new AlertConditionError('The condition is empty', `write ${EXAMPLE}`);
  const names = MEASURES.join(', ');
  return new AlertConditionError(`${shown(text)} does not begin with a measure`, `write one of ${names}`);
}

function rateCondition(measure: AlertRate, text: string): RateCondition | ShareCondition {
  const { matching, rest } = filterOf(measure, text);
  const share = shareCondition(measure, matching, rest);
  if (share !== undefined) return share;
  const threshold = /^([<>])\s*(\d+(?:\.\d+)?)\s*([kMG]?)\s*(\/\s*s(?![\w]))?/.exec(rest);
  if (threshold === null) {
    const found = rest === '' ? 'ends' : `is followed by ${shown(rest)}`;
    throw new AlertConditionError(
      `${measure} ${found}`,
      `write > or < and a number per second, such as ${measure} > 1000/s`,
    );
  }
  const [match, comparison, number, unit = ''] = threshold;
  const value = rounded(Number(number) * (MULTIPLES[unit] ?? 1));
  const largest = measure === 'new sources' ? MAX_NEW_SOURCES : MAX_THRESHOLD;
  if (value > largest) {
    throw new AlertConditionError(`${number}${unit} is too large`, `write at most ${largest}`);
  }
  if (comparison === '<' && value === 0) {
    throw new AlertConditionError(`${measure} < 0/s never holds`, `write ${measure} < 1/s for silence`);
  }
  return {
    kind: 'rate',
    measure,
    ...(matching === undefined ? {} : { matching }),
    comparison: comparison as '>' | '<',
    threshold: value,
    for_ms: duration(rest.slice(match.length)),
  };
}

/** Reads `> 30%`; undefined: no number in percent follows. */
function shareCondition(measure: AlertRate, matching: string | undefined, text: string): ShareCondition | undefined {
  const threshold = /^([<>])\s*(\d+(?:\.\d+)?)\s*%/.exec(text);
  if (threshold === null) return undefined;
  const [match, comparison, number] = threshold;
  if (!isShare(measure)) {
    throw new AlertConditionError(`${measure} is not a share`, `write % after ${ALERT_SHARES.join(' or ')} only`);
  }
  if (matching !== undefined) {
    throw new AlertConditionError(
      `The share of ${measure} cannot be limited by a filter`,
      `omit "matching", or write a number per second, such as ${measure} matching "tcp" > 100/s`,
    );
  }
  const percent = rounded(Number(number));
  if (comparison === '<') {
    throw new AlertConditionError(`${measure} < ${percent}% holds without traffic`, `write ${measure} > ${percent}%`);
  }
  if (percent >= 100) throw new AlertConditionError(`${measure} > ${percent}% never holds`, 'write less than 100%');
  return { kind: 'share', measure, percent, for_ms: duration(text.slice(match.length)) };
}

function isShare(measure: AlertRate): measure is AlertShare {
  return (ALERT_SHARES as readonly string[]).includes(measure);
}

/** Reads `matching "FILTER", a text in JSON's quotes. */
function filterOf(measure: AlertRate, text: string): { matching?: string; rest: string } {
  if (!/^matching(?!\w)/.test(text)) return { rest: text };
  if (!(FILTERED_RATES as readonly string[]).includes(measure)) {
    throw new AlertConditionError(
      `${measure} cannot be limited by a filter`,
      `write "matching" after ${FILTERED_RATES.join(', ')}`,
    );
  }
  const after = text.slice('matching'.length).trim();
  const [quoted] = /^"(?:[^"\\]|\\.)*"/.exec(after) ?? [];
  if (quoted === undefined) {
    throw new AlertConditionError(
      `"matching" is followed by ${after === '' ? 'nothing' : shown(after)}`,
      `write the filter in double quotes, such as ${measure} matching "tcp dst port 22" > 100/s`,
    );
  }
  return { matching: filterText(quoted), rest: after.slice(quoted.length).trim() };
}

function filterText(quoted: string): string {
  let text: string;
  try {
    text = JSON.parse(quoted) as string;
  } catch (cause) {
    throw new AlertConditionError(`${shown(quoted)} is not quoted correctly`, 'write quotes in it as \\"', { cause });
  }
  try {
    parseFilter(text);
  } catch (cause) {
    if (!(cause instanceof FilterError)) throw cause;
    throw new AlertConditionError('The filter cannot be read', cause.message, { cause });
  }
  if (text.trim() === '') throw new AlertConditionError('The filter is empty', 'omit "matching" for all packets');
  return text;
}

function diskCondition(text: string): AlertCondition {
  const threshold = /^<\s*(\d+(?:\.\d+)?)\s*%/.exec(text);
  if (threshold === null) {
    const found = text === '' ? 'ends' : `is followed by ${shown(text)}`;
    throw new AlertConditionError(`disk ${found}`, 'write < and the free share in percent, such as disk < 5%');
  }
  const percent = rounded(Number(threshold[1]));
  // It is resolved above a quarter more, which must be possible.
  if (percent === 0 || percent > 75) {
    throw new AlertConditionError(`disk < ${percent}% is out of range`, 'write more than 0% and at most 75%');
  }
  return { kind: 'disk', percent, for_ms: duration(text.slice(threshold[0].length)) };
}

/** Reads `for 10s`, or nothing. Returns milliseconds. */
function duration(text: string): number {
  const rest = text.trim();
  if (rest === '') return 0;
  const [, length] = /^for\s+(\S+)$/.exec(rest) ?? [];
  if (length === undefined) {
    throw new AlertConditionError(`${shown(rest)} is unexpected`, 'write "for" and a time at the end, such as for 10s');
  }
  try {
    const milliseconds = parseDuration(length);
    if (milliseconds <= MAX_FOR_MS) return milliseconds;
  } catch (cause) {
    if (!(cause instanceof RuleValueError)) throw cause;
    throw new AlertConditionError(`${shown(length)} is not a time`, 'write 30s, 5m or 1h30m', { cause });
  }
  throw new AlertConditionError(`for ${shown(length)} is too long`, 'write at most 24h');
}

/** Rounds to a number that is printed without an exponent. */
function rounded(value: number): number {
  return Math.round(value * PRECISION) / PRECISION;
}

function shown(text: string): string {
  const line = text.trim();
  return JSON.stringify(line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line);
}
