/** Invalid entries cost about as much as valid ones: a list or a rules file of errors does not stall the loader. */
import { describe, expect, it } from 'vitest';
import { parseAddressList } from './lists/parse-address-list.ts';
import { RulesFileError, readDocument } from './store/rules-document.ts';

const BYTES = 64 * 1024;
const ROUNDS = 9;
/** It is about 1. With an exception for each entry it is 9 to 27. */
const MAX_RATIO = 4;

const repeated = (part: string, separator: string) =>
  new Array(Math.ceil(BYTES / (part.length + separator.length))).fill(part).join(separator);
const list = (text: string) => () => void parseAddressList(new TextEncoder().encode(text));
const table = (cell: string) => `name,${repeated(new Array(20).fill(cell).join(','), '\n')}\n`;
const entries = (entry: string) => () => {
  try {
    readDocument(`{"version":1,"sets":{"a":{"entries":[${repeated(JSON.stringify(entry), ',')}]}}}`, 0);
  } catch (error) {
    if (!(error instanceof RulesFileError)) throw error;
  }
};

/** Returns the median of how many times longer `rejected` takes than `accepted`. */
function ratioOf(rejected: () => void, accepted: () => void): number {
  const cost = (run: () => void) => {
    const { user, system } = process.cpuUsage();
    run();
    const after = process.cpuUsage();
    return after.user + after.system - user - system;
  };
  const ratios = Array.from({ length: 2 * ROUNDS }, () => cost(rejected) / cost(accepted)).slice(ROUNDS);
  return ratios.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}

describe('the cost of errors', () => {
  it.each([
    ['cells of a table', list(table('.0.2.1')), list(table('1.0.2.1'))],
    ['lines of a list', list(repeated('add s 192.0.2.256', '\n')), list(repeated('add s 192.0.2.255', '\n'))],
    ['lines with columns', list(repeated('192.0.2.1 one two', '\n')), list(repeated('add s 192.0.2.255', '\n'))],
    ['brackets of hosts.deny', list(`ALL: [::]${repeated('[.:', '')}`), list(`ALL: [::]${repeated('1.2', ',')}`)],
    ['masks of hosts.deny', list(`ALL: 1/${repeated('.', '')}x`), list(`ALL: 1/1 ${repeated('1.2', ',')}`)],
    ['entries of a rules file', entries('192.0.2.256'), entries('192.0.2.255')],
  ])('is that of valid input: %s', (_, rejected, accepted) => {
    expect(ratioOf(rejected, accepted)).toBeLessThan(MAX_RATIO);
  });
});
