import { mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  directory,
  numbered,
  parent,
  START_MS,
  start,
  useRecordDirectory,
} from '../../../test/support/recorder-fixture.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import type { PastAccess, PastAnswer, PastCaller } from '../../ipc/past-access.ts';
import type { RulesApi } from '../../rules/api/rules-api.ts';
import { serveControl } from '../../rules/control/control-server.ts';
import { type StatePaths, statePaths } from '../../rules/store/state-directory.ts';
import { packetlogCommand } from '../command-line.ts';
import { addBookmark, listBookmarks, removeBookmarks } from './run-bookmarks.ts';

useRecordDirectory();

const BOOKMARK = { id: 3, from_ms: START_MS, to_ms: START_MS + 60_000, note: 'the "attack", \u001b[2J', bytes: 12_345 };
const NS_PER_MS = 1_000_000n;
const at = (ms: number) => BigInt(START_MS + ms) * NS_PER_MS;

let paths: StatePaths;
let server: Server | undefined;
let printed = '';
let said = '';
const print = (text: string) => {
  printed += text;
};

beforeEach(() => {
  const state = join(parent, 'state');
  mkdirSync(state, { mode: 0o700 });
  paths = statePaths({ PACKETLOG_STATE_DIR: state });
  printed = '';
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    said += line;
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

interface Asked extends Omit<PastCaller, 'gone'> {
  readonly verb: string;
  readonly request: unknown;
}

/** A loader that answers each question in order, or records nothing. */
async function serve(answers: readonly PastAnswer[] | 'nothing is recorded'): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const past: PastAccess = {
    ask: async (verb, request, { client, mayChange }) => {
      const answer = (answers as readonly PastAnswer[])[asked.length];
      asked.push({ verb, request, client, mayChange });
      return answer as PastAnswer;
    },
  };
  const unused = () => {
    throw new Error('not asked for');
  };
  const loader = { session: unused, status: unused, rotateTokens: unused, alerts: unused, bans: unused };
  server = await serveControl(paths.controlSocket, {} as RulesApi, {
    ...loader,
    past: () => (answers === 'nothing is recorded' ? undefined : past),
  });
  return asked;
}

const ok = (value: unknown): PastAnswer => ({ ok: true, json: JSON.stringify(value) });
const invalid = (message: string): PastAnswer => ({ ok: false, error: { code: 'invalid', message } });

/** Records 10 packets, bookmarks them, and returns the bytes of their segment. */
function record(): number {
  const { it: recorder } = start();
  recorder.append(numbered(0, 10, START_MS), 10);
  const result = recorder.bookmark({ fromNs: at(0), toNs: at(60_000), note: 'kept' });
  recorder.close();
  return (result as { bytes: number }).bytes;
}

describe('packetlog bookmarks list', () => {
  it('prints the bookmarks of the running loader as a table, without what a terminal would interpret', async () => {
    const asked = await serve([ok({ bookmarks: [BOOKMARK] })]);
    expect(await listBookmarks(paths, undefined, 'table', print)).toBe(EXIT.ok);
    expect(printed.split('\n')).toEqual([
      'id  from (UTC)               to (UTC)                  bytes  note',
      ' 3  2023-11-14 22:13:20.000  2023-11-14 22:14:20.000  12,345  the "attack", \\x1b[2J',
      '',
    ]);
    expect(asked).toEqual([{ verb: 'facts', request: {}, client: expect.any(Number), mayChange: true }]);
    expect(asked[0]?.client).toBeLessThan(0);
  });

  it('prints JSON, an object per line, and CSV', async () => {
    await serve([ok({ bookmarks: [BOOKMARK, { ...BOOKMARK, id: 4, note: '' }] }), ok({ bookmarks: [BOOKMARK] })]);
    await listBookmarks(paths, undefined, 'json', print);
    const [first = '', second = ''] = printed.split('\n');
    expect(JSON.parse(first)).toEqual(BOOKMARK);
    expect(JSON.parse(second)).toMatchObject({ id: 4, bytes: 12_345 });
    printed = '';
    await listBookmarks(paths, undefined, 'csv', print);
    expect(printed).toBe(
      `id,from_ms,to_ms,bytes,note\n3,${BOOKMARK.from_ms},${BOOKMARK.to_ms},12345,"the ""attack"", \u001b[2J"\n`,
    );
  });

  it('reads a directory if no loader runs, or if it is given', async () => {
    const bytes = record();
    const kept = { id: 1, from_ms: START_MS, to_ms: START_MS + 1, note: 'kept', bytes: expect.any(Number) };
    expect(await listBookmarks(paths, directory, 'json', print)).toBe(EXIT.ok);
    expect(JSON.parse(printed)).toEqual(kept);
    expect(bytes).toBeGreaterThan(0);
    await serve([]);
    printed = '';
    await listBookmarks(paths, directory, 'json', print);
    expect(JSON.parse(printed)).toEqual(kept);
  });

  it('says that there are none, and how to add one', async () => {
    await serve([ok({ bookmarks: [] })]);
    expect(await listBookmarks(paths, undefined, 'table', print)).toBe(EXIT.ok);
    expect([printed, said]).toEqual([
      '',
      expect.stringMatching(/^No bookmarks\. To keep a range: packetlog bookmarks add/),
    ]);
  });

  it('fails where nothing is recorded, and for a damaged file', async () => {
    await serve('nothing is recorded');
    expect(await listBookmarks(paths, undefined, 'table', print)).toBe(EXIT.failed);
    expect(said).toContain('packetlog: Packets are not recorded. Start packetlog with --record on');
    record();
    writeFileSync(join(directory, 'bookmarks.json'), '{');
    await expect(listBookmarks(paths, directory, 'table', print)).rejects.toThrow(
      /read bookmarks in .*: bookmarks\.json is damaged\. Repair it/,
    );
  });
});

describe('packetlog bookmarks add', () => {
  const range = { fromNs: at(0) + 1n, toNs: at(60_000) - 1n };

  it('asks for the whole milliseconds of the range, and says what is kept', async () => {
    const asked = await serve([ok(BOOKMARK), ok(BOOKMARK)]);
    expect(await addBookmark(paths, { range, note: 'x' }, 'table', print)).toBe(EXIT.ok);
    expect(asked[0]).toMatchObject({
      verb: 'bookmark',
      request: { from_ms: START_MS, to_ms: START_MS + 60_000, note: 'x' },
      mayChange: true,
    });
    expect(printed).toBe(
      'Bookmark 3 keeps 2023-11-14 22:13:20.000 to 2023-11-14 22:14:20.000 UTC: 12,345 bytes in whole segments.\n',
    );
    printed = '';
    await addBookmark(paths, { range, note: 'x' }, 'json', print);
    expect(JSON.parse(printed)).toEqual(BOOKMARK);
    expect(asked[0]?.client).not.toBe(asked[1]?.client);
  });

  it('ends now unless an end is given', async () => {
    const asked = await serve([ok(BOOKMARK)]);
    const before = Date.now();
    await addBookmark(paths, { range: { fromNs: at(0), toNs: undefined }, note: '' }, 'table', print);
    const { to_ms = 0 } = (asked[0]?.request ?? {}) as { to_ms?: number };
    expect(to_ms).toBeGreaterThan(before);
    expect(to_ms).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('says why it was rejected', async () => {
    await serve([invalid('No packets are recorded in this range. Choose another one.')]);
    expect(await addBookmark(paths, { range, note: '' }, 'table', print)).toBe(EXIT.failed);
    expect([printed, said]).toEqual(['', 'packetlog: No packets are recorded in this range. Choose another one.\n']);
  });

  it('needs a running loader', async () => {
    await expect(addBookmark(paths, { range, note: '' }, 'table', print)).rejects.toThrow(
      /change bookmarks at .*: packetlog is not running\. Start it: .* no recorded packets are deleted\./,
    );
  });

  it.each([
    [['--to', '-1h'], /required option '--from <time>' not specified/],
    [['--from', '-1h', '--note', 'a\nb'], /Write one line of up to 200 characters/],
    [['--from', '-1h', '--note', 'x'.repeat(201)], /Write one line of up to 200 characters/],
    [['--from', '-1h', '--to', '2020-01-01'], /use --to: the range is empty/],
  ])('rejects %j', async (options, problem) => {
    const command = packetlogCommand(() => {}).parseAsync(['node', 'packetlog', 'bookmarks', 'add', ...options]);
    await expect(command).rejects.toThrow(problem);
  });
});

describe('packetlog bookmarks remove', () => {
  it('removes each, and ends at the first that does not exist', async () => {
    const asked = await serve([ok({ id: 1 }), invalid('There is no bookmark 2; it may have been removed.')]);
    expect(await removeBookmarks(paths, [1, 2, 3], print)).toBe(EXIT.failed);
    expect(asked.map(({ verb, request }) => [verb, request])).toEqual([
      ['unbookmark', { id: 1 }],
      ['unbookmark', { id: 2 }],
    ]);
    expect(printed).toBe('Bookmark 1 was removed; its packets are no longer kept.\n');
    expect(said).toBe('packetlog: There is no bookmark 2; it may have been removed. See packetlog bookmarks list.\n');
  });

  it('needs a running loader of this version', async () => {
    await expect(removeBookmarks(paths, [1], print)).rejects.toThrow(/packetlog is not running/);
    server = await serveControl(paths.controlSocket, {} as RulesApi, {} as never);
    server?.removeAllListeners('request');
    server?.on('request', (_, response) =>
      response.end('{"ok":false,"error":{"code":"not_found","message":"Use POST /rules/list."}}'),
    );
    await expect(removeBookmarks(paths, [1], print)).rejects.toThrow(/it runs another version\. Restart it/);
  });
});
