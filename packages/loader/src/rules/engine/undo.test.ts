import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { applying, removing } from './change.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

const add: Fake['add'] = (...draft) => fake.add(...draft);

describe('undo', () => {
  it('restores the protected networks that a document removed', async () => {
    await fake.begin({ protect: ['203.0.113.0/24'] });
    const none = { defaultPolicy: 'permit', rules: [], sets: new Map(), protect: [] } as const;
    await fake.service.ask(applying(none, {}, ROOT));
    await fake.service.undo(ROOT);
    expect(fake.service.ruleset.protect).toEqual(['203.0.113.0/24']);
    expect(fake.saved.at(-1)?.protect).toEqual(['203.0.113.0/24']);
    await fake.service.redo(ROOT);
    expect(fake.service.ruleset.protect).toEqual([]);
  });

  it('undoes one change after the other', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    await add({ source: '1.1.1.2' });
    expect((await fake.service.undo(ROOT)).value.undone).toBe('deny 1.1.1.2');
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    expect((await fake.service.undo(ROOT)).value.undone).toBe('deny 1.1.1.1');
    expect(await rejection(fake.service.undo(ROOT))).toMatchObject({ code: 'not_found' });
    expect(fake.saved.at(-1)?.rules).toEqual([]);
  });

  it('brings a removed rule back with its id and its counts', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    const [slot = 0] = fake.kernel.published.at(-1)?.fresh ?? [];
    fake.service.counted([{ slot, packets: 7, bytes: 700, last_seen_ms: 1 }]);
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    const { rules } = fake.service.snapshot({ enforcing: true, pinned: false });
    expect(rules).toMatchObject([{ id: 1, packets: 7 }]);
  });

  it('applies to the change that the caller saw, or to none', async () => {
    await fake.begin();
    const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });
    expect(snapshot()).not.toHaveProperty('last_change');
    await add({ source: '1.1.1.1' });
    const looked = snapshot().last_change;
    expect(looked).toMatchObject({
      what: 'deny 1.1.1.1',
      who: { name: 'root', via: 'control' },
      revision: snapshot().revision,
    });
    // Accepted first, and not in force yet when the undo is requested.
    const other = add({ source: '1.1.1.2' });
    const undo = rejection(fake.service.undo(ROOT, looked?.id));
    await other;
    expect(await undo).toMatchObject({
      code: 'invalid',
      field: 'change',
      message: expect.stringMatching(/"deny 1.1.1.2", by root/),
    });
    expect([fake.kernel.verdict('1.1.1.1'), fake.kernel.verdict('1.1.1.2')]).toEqual(['deny 1', 'deny 2']);
    expect(snapshot().last_change?.what).toBe('deny 1.1.1.2');
    await fake.service.undo(ROOT, snapshot().last_change?.id);
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
  });

  it('can be redone, in order, until something else is changed', async () => {
    await fake.begin();
    const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });
    const inForce = () => fake.service.ruleset.rules.map(({ source }) => source);
    await add({ source: '1.1.1.1' });
    await add({ source: '1.1.1.2' });
    await fake.service.undo(ROOT);
    await fake.service.undo(ROOT);
    expect(snapshot()).not.toHaveProperty('last_change');
    expect(snapshot().undone?.what).toBe('deny 1.1.1.1');
    expect((await fake.service.redo(ROOT, snapshot().undone?.id)).value.redone).toBe('deny 1.1.1.1');
    expect(fake.audit.at(-1)).toMatchObject({ what: 'undo', why: 'redo of deny 1.1.1.1' });
    expect((await fake.service.redo(ROOT)).value.redone).toBe('deny 1.1.1.2');
    expect(inForce()).toEqual(['1.1.1.1', '1.1.1.2']);
    expect(await rejection(fake.service.redo(ROOT))).toMatchObject({ code: 'not_found' });
    expect(fake.kernel.verdict('1.1.1.2')).toBe('deny 2');

    await fake.service.undo(ROOT);
    expect(snapshot().undone?.what).toBe('deny 1.1.1.2');
    await add({ source: '1.1.1.3' });
    expect(snapshot()).not.toHaveProperty('undone');
    await fake.service.undo(ROOT);
    await fake.service.undo(ROOT);
    expect(inForce()).toEqual([]);
  });

  it('that is risky itself and reverts leaves the change as it was', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.confirm(ROOT);
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    await fake.service.undo(ROOT);
    const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });
    expect(snapshot()).toMatchObject({ pending: {}, last_change: { what: 'undo of removal of deny any source' } });
    await fake.service.revert(ROOT);
    expect(snapshot().last_change?.what).toBe('removal of deny any source');
  });

  it('reverts a pending change', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
    expect(fake.audit.at(-1)).toMatchObject({ what: 'revert' });
  });
});
