import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { readConfigFile } from './config-file.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): string {
  const path = join(directory, 'packetlog.json');
  writeFileSync(path, text);
  return path;
}

describe('readConfigFile', () => {
  it('returns the object in the file', () => {
    expect(readConfigFile(file('{"iface": ["eth0"], "count-only": true}'))).toEqual({
      iface: ['eth0'],
      'count-only': true,
    });
  });

  it.each([
    ['nothing', '', /JSON/],
    ['half an object', '{"iface":', /JSON/],
    ['a list', '[]', /is not a JSON object/],
    ['null', 'null', /is not a JSON object/],
    ['a text', '"x"', /is not a JSON object/],
  ])('rejects %s, names the file and shows how it should look', (_, text, problem) => {
    const path = file(text);
    expect(() => readConfigFile(path)).toThrow(problem);
    expect(() => readConfigFile(path)).toThrow(`read configuration ${path}: `);
    expect(() => readConfigFile(path)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
  });

  it.each([
    ['a file that is not there', 'none.json'],
    ['a directory', '.'],
  ])('rejects %s', (_, name) => {
    expect(() => readConfigFile(join(directory, name))).toThrow(/ENOENT|EISDIR/);
  });
});
