import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { secretLines, targetOf } from './given-secret.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-secret-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function linesOf(text: string, mode = 0o600): Promise<readonly string[]> {
  const file = join(directory, 'secret.txt');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return secretLines({ file, isStdin: false });
}

describe('the secret of a target', () => {
  it('is the lines of a file, without spaces around them', async () => {
    expect(await linesOf(' https://example.org/x \r\n\n token \n')).toEqual(['https://example.org/x', 'token']);
    expect(await secretLines({ file: undefined, isStdin: false })).toEqual([]);
  });

  it.each([0o640, 0o604, 0o660, 0o601])('is rejected in a file of mode %o', async (mode) => {
    await expect(linesOf('x', mode)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/chmod 600/),
    });
  });

  it('is rejected if there is no file, or more than one secret', async () => {
    await expect(secretLines({ file: join(directory, 'none'), isStdin: false })).rejects.toThrow(/read secret from/);
    await expect(secretLines({ file: 'x', isStdin: true })).rejects.toThrow(/Give one of them/);
    await expect(linesOf('x'.repeat(5000))).rejects.toThrow(/more than 4096 characters/);
  });
});

describe('a target', () => {
  it.each([
    ['https://example.org/hook', [], { url: 'https://example.org/hook', is_secret: false }],
    [
      'https://example.org/hook',
      ['abc'],
      { url: 'https://example.org/hook', is_secret: false, authorization: 'Bearer abc' },
    ],
    [
      'https://example.org/hook',
      ['Basic YTpi'],
      { url: 'https://example.org/hook', is_secret: false, authorization: 'Basic YTpi' },
    ],
    [undefined, ['https://example.org/x'], { url: 'https://example.org/x', is_secret: true }],
    [
      undefined,
      ['https://example.org/x', 'abc'],
      { url: 'https://example.org/x', is_secret: true, authorization: 'Bearer abc' },
    ],
  ])('of %j with the lines %j', (url, lines, target) => {
    expect(targetOf({ type: 'webhook', url }, lines)).toEqual({ type: 'webhook', ...target });
  });

  it.each([
    [undefined, [], /it has no URL.*first line/],
    ['https://example.org', ['a', 'b'], /more than 1 lines/],
    [undefined, ['https://example.org', 'a', 'b'], /more than 2 lines/],
  ])('is rejected: %j with the lines %j', (url, lines, message) => {
    expect(() => targetOf({ type: 'slack', url }, lines)).toThrow(message);
  });
});
