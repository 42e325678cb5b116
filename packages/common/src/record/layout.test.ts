import { describe, expect, it } from 'vitest';
import { BATCH_HEADER_FIELDS, BATCH_HEADER_SIZE, BATCH_MAGIC } from '../batch/batch-layout.ts';
import { ACTIONS, FIELD_BYTES, PACKET_LOG_FIELDS, PACKET_LOG_SIZE, REASONS } from './layout.ts';

describe('the record layout', () => {
  it('has neither gaps nor overlaps and fills the record', () => {
    let end = 0;
    for (const { name, offset, type } of PACKET_LOG_FIELDS) {
      expect(offset, name).toBe(end);
      end += FIELD_BYTES[type];
    }
    expect(end).toBe(PACKET_LOG_SIZE);
  });

  it('aligns every integer to its own width', () => {
    for (const { name, offset, type } of PACKET_LOG_FIELDS) {
      expect(offset % (type === 'addr' ? 8 : FIELD_BYTES[type]), name).toBe(0);
    }
  });

  it('names every field once', () => {
    expect(new Set(PACKET_LOG_FIELDS.map(({ name }) => name)).size).toBe(PACKET_LOG_FIELDS.length);
  });

  it.each([
    ['actions', ACTIONS],
    ['reasons', REASONS],
  ])('numbers %s from 0 without gaps, each in one byte', (_, codes) => {
    expect(Object.values(codes)).toEqual(Object.keys(codes).map((_name, i) => i));
    expect(Object.keys(codes).length).toBeLessThan(256);
  });
});

describe('the batch header layout', () => {
  it('has neither gaps nor overlaps and leaves the last 8 bytes free', () => {
    const widths = {
      magic: 4,
      version: 2,
      header_size: 2,
      count: 4,
      stride: 2,
      record_offset: 2,
      sequence: 8,
      offered: 8,
      dropped: 8,
      withheld: 8,
      clock_offset_ns: 8,
      filtered: 8,
    } as const satisfies Record<keyof typeof BATCH_HEADER_FIELDS, number>;
    let end = 0;
    for (const name of Object.keys(widths) as (keyof typeof widths)[]) {
      expect(BATCH_HEADER_FIELDS[name], name).toBe(end);
      end += widths[name];
    }
    expect(end).toBe(BATCH_HEADER_SIZE);
  });

  it('has the magic number PLOG', () => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, BATCH_MAGIC, true);
    expect(String.fromCharCode(...bytes)).toBe('PLOG');
  });
});
