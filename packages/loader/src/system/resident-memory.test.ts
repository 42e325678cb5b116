import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { residentMemory } from './resident-memory.ts';

const MODULE = new URL('resident-memory.ts', import.meta.url).href;

test('is what Node.js says', () => {
  const expected = process.memoryUsage.rss();
  expect(residentMemory()).toBeGreaterThan(expected * 0.8);
  expect(residentMemory()).toBeLessThan(expected * 1.25);
});

test('is known when the process may open no more files', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { residentMemory } from '${MODULE}';
    let code;
    while (code === undefined) try { openSync('/dev/null', 'r'); } catch (error) { code = error.code; }
    console.log(code, residentMemory() > 1e7);
  `;
  const { stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('EMFILE true\n');
});
