/** What every store of the hub's state must do. */
import { expect, it, onTestFinished } from 'vitest';
import { type HubState, MAX_BLOB_BYTES, MAX_VALUE_BYTES, type Stored } from '../../src/state/hub-state.ts';

/** A store that tests can open several times in a row. */
export interface StateUnderTest {
  open(): Promise<HubState>;
}

/** By its name: the store may be that of the built package. */
const CONFLICT = { name: 'StateConflict' };

type Change = readonly [key: string, value: string | undefined];

/** Collects what a watch calls back. */
async function watching(state: HubState, prefix: string) {
  const changes: Change[] = [];
  const stored: (Stored | undefined)[] = [];
  const end = await state.watch(prefix, (key, each) => {
    changes.push([key, each?.value]);
    stored.push(each);
  });
  return { changes, stored, end };
}

export function describeContract(prepare: () => Promise<StateUnderTest>): void {
  async function opened(): Promise<HubState> {
    const state = await (await prepare()).open();
    onTestFinished(() => state.close());
    return state;
  }

  it('returns what was put, with its revision', async () => {
    const state = await opened();
    expect(await state.get('nodes/web1')).toBeUndefined();
    const first = await state.put('nodes/web1', 'ä\n{"a":1}', 0);
    expect(await state.get('nodes/web1')).toEqual({ value: 'ä\n{"a":1}', revision: first });
    const second = await state.put('nodes/web1', '', first);
    expect(second).toBeGreaterThan(first);
    expect(await state.get('nodes/web1')).toEqual({ value: '', revision: second });
  });

  it('keeps keys apart that differ in dots, slashes, letters and length', async () => {
    const state = await opened();
    const keys = [
      'hub-key',
      'nodes/a',
      'nodes/a.b',
      'nodes/a..b',
      'nodes/a/b',
      'nodes/a_b',
      'nodes/ab',
      'Nodes/a',
      'nodes',
    ];
    for (const key of keys) await state.put(key, key, 0);
    for (const key of keys) expect((await state.get(key))?.value).toBe(key);
    expect([...(await state.list('nodes/')).keys()].sort()).toEqual(
      keys.filter((key) => key.startsWith('nodes/')).sort(),
    );
    expect([...(await state.list('nodes/a/')).keys()]).toEqual(['nodes/a/b']);
    expect((await state.list('')).size).toBe(keys.length);
    expect((await state.list('groups/')).size).toBe(0);
  });

  it('rejects a change that expects another revision, and changes nothing then', async () => {
    const state = await opened();
    await expect(state.put('a', 'x', 1)).rejects.toMatchObject(CONFLICT);
    const first = await state.put('a', 'x', 0);
    for (const expected of [0, first - 1, first + 1]) {
      await expect(state.put('a', 'y', expected)).rejects.toMatchObject(CONFLICT);
      await expect(state.remove('a', expected)).rejects.toMatchObject(CONFLICT);
    }
    expect(await state.get('a')).toEqual({ value: 'x', revision: first });
  });

  it('lets one of several simultaneous changes win', async () => {
    const state = await opened();
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => state.put('a', `${index}`, 0)));
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`${index}`] : []));
    expect(won).toHaveLength(1);
    expect((await state.get('a'))?.value).toBe(won[0]);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(CONFLICT);
  });

  it('removes, and a removed key can be created again with another revision', async () => {
    const state = await opened();
    const first = await state.put('a', 'x', 0);
    await state.remove('a', first);
    expect(await state.get('a')).toBeUndefined();
    expect((await state.list('')).size).toBe(0);
    await expect(state.put('a', 'y', first)).rejects.toMatchObject(CONFLICT);
    expect(await state.put('a', 'y', 0)).toBeGreaterThan(first);
    await expect(state.remove('b', 1)).rejects.toMatchObject(CONFLICT);
  });

  it('keeps everything when it is opened again', async () => {
    const store = await prepare();
    const first = await store.open();
    const revision = await first.put('nodes/web1', 'x', 0);
    await first.remove('gone', await first.put('gone', 'y', 0));
    const digest = await first.putBlob(Buffer.from('blob'));
    await first.close();
    const second = await store.open();
    onTestFinished(() => second.close());
    expect(await second.list('')).toEqual(new Map([['nodes/web1', { value: 'x', revision }]]));
    expect(Buffer.from((await second.getBlob(digest)) ?? [])).toEqual(Buffer.from('blob'));
    expect(await second.put('nodes/web1', 'z', revision)).toBeGreaterThan(revision);
  });

  it('calls watchers back for changes below their prefix, in order, until they end', async () => {
    const state = await opened();
    await state.put('nodes/earlier', 'x', 0);
    const nodes = await watching(state, 'nodes/');
    const all = await watching(state, '');
    const first = await state.put('nodes/a', '1', 0);
    await state.put('groups/web', '2', 0);
    const second = await state.put('nodes/a', '3', first);
    await state.remove('nodes/a', second);
    await expect
      .poll(() => all.changes)
      .toEqual([
        ['nodes/a', '1'],
        ['groups/web', '2'],
        ['nodes/a', '3'],
        ['nodes/a', undefined],
      ]);
    await expect.poll(() => nodes.changes).toEqual(all.changes.filter(([key]) => key.startsWith('nodes/')));
    expect(nodes.stored.map((stored) => stored?.revision)).toEqual([first, second, undefined]);
    nodes.end();
    await state.put('nodes/b', '4', 0);
    await expect.poll(() => all.changes.at(-1)).toEqual(['nodes/b', '4']);
    expect(nodes.changes).toHaveLength(3);
  });

  it('stores blobs by their digest', async () => {
    const state = await opened();
    const bytes = Buffer.from('generation');
    const digest = await state.putBlob(bytes);
    expect(digest).toBe('e661f4c935e8a5a83349afb5e347695c2e972e967b50efcd618f93b0b7b4c24b');
    expect(await state.putBlob(bytes)).toBe(digest);
    expect(Buffer.from((await state.getBlob(digest)) ?? [])).toEqual(bytes);
    expect(await state.getBlob('0'.repeat(64))).toBeUndefined();
    expect(await state.getBlob('../keys/a')).toBeUndefined();
    expect((await state.list('')).size).toBe(0);
    await state.removeBlob(digest);
    await state.removeBlob(digest);
    expect(await state.getBlob(digest)).toBeUndefined();
    const empty = await state.putBlob(new Uint8Array());
    expect(await state.getBlob(empty)).toHaveLength(0);
  });

  it('stores the largest blob and the largest value, and rejects larger ones', async () => {
    const state = await opened();
    const bytes = new Uint8Array(MAX_BLOB_BYTES).map((_, index) => index * 7 + (index >> 8));
    const digest = await state.putBlob(bytes);
    expect(Buffer.compare((await state.getBlob(digest)) ?? new Uint8Array(), bytes)).toBe(0);
    await expect(state.putBlob(new Uint8Array(MAX_BLOB_BYTES + 1))).rejects.toThrow(RangeError);
    const value = 'x'.repeat(MAX_VALUE_BYTES);
    await state.put('a', value, 0);
    expect((await state.get('a'))?.value).toBe(value);
    await expect(state.put('b', `${value}x`, 0)).rejects.toThrow(RangeError);
  });

  it.each([
    '',
    '/',
    '.',
    '..',
    '../a',
    'a//b',
    'a/',
    '/a',
    'a/../b',
    'a b',
    'a*',
    'a>',
    'a=b',
    '.a',
    'ä',
    'a\0',
    'a/b/c/d/e',
  ])('rejects %j as a key', async (key) => {
    const state = await opened();
    await expect(state.put(key, 'x', 0)).rejects.toThrow(TypeError);
    await expect(state.get(key)).rejects.toThrow(TypeError);
    if (key !== '' && key !== 'a/') await expect(state.list(key)).rejects.toThrow(TypeError);
  });

  it('rejects changes once it is closed', async () => {
    const state = await (await prepare()).open();
    await state.close();
    await state.close();
    await expect(state.put('a', 'x', 0)).rejects.toThrow(/closed/);
  });
}
