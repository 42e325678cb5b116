import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastInterfaces, storeInterfaces } from './last-interfaces.ts';

describe('the interfaces of the last start', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-interfaces-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are read as they were stored, and nothing else is left in the directory', () => {
    expect(lastInterfaces(directory)).toEqual([]);
    storeInterfaces(directory, [{ name: 'eth0' }, { name: 'odd "name"' }]);
    storeInterfaces(directory, [{ name: 'eth0' }, { name: 'wg,0' }]);
    expect(lastInterfaces(directory)).toEqual(['eth0', 'wg,0']);
    expect(readdirSync(directory)).toEqual(['interfaces.json']);
  });

  it.each(['', 'null', '{"interfaces":["a/b"]}', '{"interfaces":[""]}', '{"interfaces":"eth0"}', '{"interfaces":[1]}'])(
    'are unknown if the file has %j',
    (text) => {
      writeFileSync(join(directory, 'interfaces.json'), text);
      expect(lastInterfaces(directory)).toEqual([]);
    },
  );

  it('are not stored in a directory that is gone, and that is no error', () => {
    expect(() => storeInterfaces(join(directory, 'gone'), [{ name: 'eth0' }])).not.toThrow();
  });
});
