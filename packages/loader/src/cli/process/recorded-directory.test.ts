import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RulesApi } from '../../rules/api/rules-api.ts';
import { serveControl } from '../../rules/control/control-server.ts';
import { type StatePaths, statePaths } from '../../rules/store/state-directory.ts';
import { recordDirectory } from './recorded-directory.ts';

let parent = '';
let paths: StatePaths;
let server: Pick<Server, 'close'> | undefined;
let said = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'packetlog-directory-'));
  for (const name of ['state', 'state/record', 'elsewhere']) mkdirSync(join(parent, name), { mode: 0o700 });
  paths = statePaths({ PACKETLOG_STATE_DIR: join(parent, 'state') });
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    said += line;
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(parent, { recursive: true });
});

/** A loader with this --record-dir. */
async function serve(record_directory: string | undefined): Promise<void> {
  const session = { pid: 1, network_namespace: '1', served: null, interfaces: [] };
  server = await serveControl(paths.controlSocket, {} as RulesApi, {
    session: () => ({ ...session, ...(record_directory !== undefined && { record_directory }) }),
    status: () => {
      throw new Error('not asked');
    },
    rotateTokens: () => ({ was_done: false }),
    past: () => undefined,
    alerts: () => {
      throw new Error('not asked for');
    },
    bans: () => {
      throw new Error('not asked for');
    },
  });
}

describe('the directory of recorded packets', () => {
  it('is the one that was given, whatever the loader records', async () => {
    await serve(join(parent, 'elsewhere'));
    expect(await recordDirectory(parent, paths)).toBe(parent);
  });

  it('is that of the running loader', async () => {
    await serve(join(parent, 'elsewhere'));
    expect(await recordDirectory(undefined, paths)).toBe(join(parent, 'elsewhere'));
  });

  it('is in the state directory if no loader runs, or it names no other', async () => {
    expect(await recordDirectory(undefined, paths)).toBe(join(parent, 'state/record'));
    await serve(undefined);
    expect(await recordDirectory(undefined, paths)).toBe(join(parent, 'state/record'));
    expect(said).toBe('');
  });

  it('is in the state directory if the loader does not answer in time, which is said', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(paths.controlSocket, resolve));
    server = silent as unknown as Server;
    expect(await recordDirectory(undefined, paths)).toBe(join(parent, 'state/record'));
    expect(said).toMatch(/^packetlog: ask the loader for its --record-dir: .*name another with --dir\.$/m);
  });

  it('must exist: the error says that the loader records there', async () => {
    await serve(join(parent, 'gone'));
    await expect(recordDirectory(undefined, paths)).rejects.toMatchObject({
      message: expect.stringMatching(/gone: the running packetlog records there, but there is no such directory/),
      facts: { exit: 'usage' },
    });
    await expect(recordDirectory(join(parent, 'none'), paths)).rejects.toThrow(
      /none: there is no such directory, or this user may not see it/,
    );
  });

  it('must be readable for this user', async () => {
    await serve(join(parent, 'elsewhere'));
    chmodSync(parent, 0o755);
    chmodSync(join(parent, 'state'), 0o755);
    // As another user than root, who is denied nothing.
    process.seteuid?.(65_534);
    try {
      await expect(recordDirectory(join(parent, 'elsewhere'), paths)).rejects.toMatchObject({
        message: expect.stringMatching(/elsewhere: this user may not read it/),
        facts: { exit: 'privilege' },
      });
      // The socket is one that only its owner may open.
      await expect(recordDirectory(undefined, paths)).rejects.toThrow(/state\/record: this user may not read it/);
    } finally {
      process.seteuid?.(0);
    }
  });
});
