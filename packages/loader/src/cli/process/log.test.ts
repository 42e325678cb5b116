import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../options/run-settings.ts';

/** Standard error of a process that logs; the module is loaded from the build, as that process knows no TypeScript. */
function logged(level: LogLevel, isTerminal: boolean, statements: string, journal = false): string {
  const built = new URL('../../../dist/cli/process/log.js', import.meta.url);
  const script = `import { makeLogger } from ${JSON.stringify(fileURLToPath(built))};
const log = makeLogger(${JSON.stringify(level)}, ${isTerminal}, ${journal});
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

  it('has the priority of each line for the journal', () => {
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
    const text = logged(
      'trace',
      true,
      levels.map((level) => `log.${level}({ code: 'x' }, '${level}\\nagain');`).join(''),
      true,
    );
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['<7>', '<7>', '<6>', '<4>', '<3>', '<2>']);
    expect(lines.map((line) => JSON.parse(line.slice(3)).msg)).toEqual(levels.map((level) => `${level}\nagain`));
    expect(JSON.parse(lines[3]?.slice(3) ?? '')).toMatchObject({ level: 40, code: 'x' });
  });

  it('does not show the fields of a notice on a terminal', () => {
    expect(logged('info', true, "log.warn({ code: 'interface_gone', interface: 'eth0' }, 'It is gone.')")).toMatch(
      /warn {2}It is gone\.\n$/,
    );
  });

  it('shows an error with its stack', () => {
    expect(logged('info', true, "log.error({ err: new TypeError('oops') }, 'failed')")).toMatch(
      /error failed\n {2}TypeError: oops\n {6}at /,
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

  it('escapes messages and stacks: a hostile server process writes them, and must not forge lines', () => {
    const hostile = String.raw`a\u001b[31m\n12:00:00 error forged\u009b`;
    const text = logged(
      'info',
      true,
      `log.warn({}, '${hostile}'); log.error({ err: Object.assign(new Error(), { stack: '${hostile}' }) }, 'failed')`,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(text).not.toMatch(/^12:00:00 error forged/m);
    expect(text.trimEnd().split('\n')).toHaveLength(4);
  });

  it('prints nothing at level silent', () => {
    expect(logged('silent', false, "log.fatal('x')")).toBe('');
  });
});
