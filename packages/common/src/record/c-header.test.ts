import { describe, expect, it } from 'vitest';
import { renderCHeader } from './c-header.ts';
import { ACTIONS, PACKET_LOG_FIELDS, REASONS } from './layout.ts';

const header = renderCHeader();

describe('renderCHeader', () => {
  it('renders the checked-in header', async () => {
    await expect(header).toMatchFileSnapshot('./packet_log.snapshot.h');
  });

  it('asserts the offset of every field', () => {
    const asserted = [...header.matchAll(/__builtin_offsetof\(struct packet_log, (\w+)\) == (\d+)/g)];
    expect(asserted.map(([, name, offset]) => ({ name, offset: Number(offset) }))).toEqual(
      PACKET_LOG_FIELDS.map(({ name, offset }) => ({ name, offset })),
    );
  });

  it('has an enumerator for every action and reason', () => {
    for (const [prefix, codes] of [
      ['ACTION', ACTIONS],
      ['REASON', REASONS],
    ] as const) {
      const found = [...header.matchAll(new RegExp(`PACKET_LOG_${prefix}_(\\w+) = (\\d+),`, 'g'))];
      const expected = Object.entries(codes).map(([name, code]) => [name.toUpperCase(), String(code)]);
      expect(found.map(([, name, code]) => [name, code])).toEqual(expected);
    }
  });

  it('has lines of at most 100 columns, with tabs of 8, and no trailing spaces', () => {
    for (const line of header.split('\n')) {
      expect(line.replaceAll('\t', ' '.repeat(8)).length, line).toBeLessThanOrEqual(100);
      expect(line).not.toMatch(/\s$/);
    }
  });
});
