import { describe, expect, it } from 'vitest';
import { SAMPLE } from '../../test/support/packet-log.sample.ts';
import { encodeBatch, PacketLogBatch } from '../batch/batch.ts';
import { packetLogJson } from '../record/json-line.ts';
import { csvText, PACKET_LOG_CSV_HEADER, packetLogCsv } from './csv.ts';

const view = PacketLogBatch.from(encodeBatch({}, [SAMPLE]));

describe('packetLogCsv', () => {
  it('has a column for each key of the JSON line, in the same order and with the same values', () => {
    const json = JSON.parse(packetLogJson(view, 0, 'eth0')) as Record<string, unknown>;
    expect(PACKET_LOG_CSV_HEADER.split(',')).toEqual(Object.keys(json));
    expect(packetLogCsv(view, 0, 'eth0').split(',')).toEqual(Object.values(json).map(String));
  });
});

describe('csvText', () => {
  it.each([
    ['eth0', 'eth0'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', "' =1"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['=cmd|"/c calc",x', '"\'=cmd|""/c calc"",x"'],
  ])('writes %j as %j', (text, cell) => {
    expect(csvText(text)).toBe(cell);
  });
});
