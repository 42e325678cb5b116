import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../options/run-options.ts';

/** Standard error of a process that logs; the module is loaded from the build, as that process knows no TypeScript. */
function logged(level: LogLevel, isTerminal: boolean, statements: string): string {
  const built = new URL('../../../dist/cli/process/log.js', import.meta.url);
  const script = `import { makeLogger } from ${JSON.stringify(fileURLToPath(built))};
const log = makeLogger(${JSON.stringify(level)}, ${isTerminal});
${statements}`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr;
}

describe('the log', () => {
  it('is JSON lines without a terminal', () => {
    const [line = '', ...rest] = logged(
      'info',
      false,
      "log.warn({ client: 'x' }, 'bad message'); log.debug('not said')",
    ).split('\n');
    expect(rest).toEqual(['']);
    expect(JSON.parse(line)).toMatchObject({ level: 40, name: 'packetlog', client: 'x', msg: 'bad message' });
  });

  it('is a short line on a terminal: time, level, message, fields', () => {
    const text = logged('debug', true, "log.warn({ client: 'x', count: 3 }, 'bad message'); log.debug('said')");
    const [first, second] = text.split('\n');
    expect(first).toMatch(/^\d\d:\d\d:\d\d warn {2}bad message {2}client="x" count=3$/);
    expect(second).toMatch(/^\d\d:\d\d:\d\d debug said$/);
  });

  it('shows an error with its stack', () => {
    expect(logged('info', true, "log.error({ err: new TypeError('oops') }, 'failed')")).toMatch(
      /error failed\nTypeError: oops\n {4}at /,
    );
  });

  it('replaces control characters that a client sent', () => {
    const text = logged(
      'info',
      true,
      String.raw`log.warn({ host: 'a\u009b31mb\u001b[2J', problem: 'c\u202ed' }, 'refused')`,
    );
    expect(text).toContain(String.raw`host="a\x9b31mb\u001b[2J" problem="c\u202ed"`);
  });

  it('prints nothing at level silent', () => {
    expect(logged('silent', false, "log.fatal('x')")).toBe('');
  });
});
