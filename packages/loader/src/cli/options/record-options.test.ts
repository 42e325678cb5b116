import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { permitsPerSecond, recordFor, recordOf, recordSize } from './record-options.ts';

describe('record options', () => {
  it.each([
    [{}, false],
    [{ record: 'off' as const, recordDir: '/x' }, false],
    [{ recordSize: 1 }, false],
    [{ record: 'on' as const }, true],
    [{ recordDir: '/x' }, true],
  ])('%j records: %s', (given, isOn) => {
    expect(recordOf(given) !== undefined).toBe(isOn);
  });

  it('gives the directory as an absolute path, and nothing where the default applies', () => {
    expect(recordOf({ recordDir: 'x' })?.directory).toBe(`${process.cwd()}/x`);
    expect(recordOf({ record: 'on' })).toEqual({
      directory: undefined,
      maxBytes: undefined,
      maxAgeMs: undefined,
      permitsPerSecond: Number.POSITIVE_INFINITY,
      anonymize: false,
    });
  });

  it.each([
    [recordSize, '16MiB', 2 ** 24],
    [recordSize, '2GiB', 2 ** 31],
    [recordFor, '10s', 10_000],
    [recordFor, '7d', 604_800_000],
    [permitsPerSecond, '1', 1],
    [permitsPerSecond, '1000/s', 1000],
    [permitsPerSecond, 'all', Number.POSITIVE_INFINITY],
  ])('%o of %s is %d', (parse, text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    [recordSize, '15MiB', 'Write 16MiB or more'],
    [recordSize, 'much', 'Write bytes'],
    [recordSize, '99999999999999999999', 'Write 16MiB or more'],
    [recordFor, '9s', 'Write a time from 10s'],
    [recordFor, 'ever', 'Write a time from 10s'],
    [permitsPerSecond, '0', 'Write a number of packets per second'],
    [permitsPerSecond, '-1', 'Write a number of packets per second'],
    [permitsPerSecond, '', 'Write a number of packets per second'],
  ])('%o rejects %j', (parse, text, message) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(message);
  });
});
