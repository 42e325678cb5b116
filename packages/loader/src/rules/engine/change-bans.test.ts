import { FIRST_BAN_RULE_ID, type Rule } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { removing } from './change.ts';

let fake: ReturnType<typeof fakeService>;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin();
});
afterEach(() => fake.end());

const ban = (n: number, source: string, endsMs = Date.now() + 3_600_000): Rule => ({
  id: FIRST_BAN_RULE_ID + n,
  action: 'deny',
  source,
  reason: '',
  created_by: 'packetlog',
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: new Date(endsMs).toISOString(),
});
const DENIED = `deny ${FIRST_BAN_RULE_ID + 1}`;
const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });

describe('bans', () => {
  it('deny, beside the rules: file, list, history, audit and revision stay as they are', async () => {
    await fake.add({ source: '192.0.2.9' });
    const [saved, audited, { revision }] = [fake.saved.length, fake.audit.length, snapshot()];
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.kernel.verdict('203.0.113.8')).toBe('permit');
    expect([fake.saved.length, fake.audit.length, snapshot().revision]).toEqual([saved, audited, revision]);
    expect(snapshot().rules.map(({ id }) => id)).toEqual([1]);
    expect((await fake.service.undo(ROOT)).value.undone).toBe('deny 192.0.2.9');
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    await fake.service.changeBans([]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
  });

  it('stay through changes of the rules, and end when the kernel says so', async () => {
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    const { value } = await fake.add({ source: '192.0.2.9' });
    await fake.service.ask(removing({ ids: [value.rule.id] }, ROOT));
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.kernel.verdict('203.0.113.7', 80, Date.now() + 3_600_001)).toBe('permit');
    expect(fake.service.ruleset.nextId).toBeLessThan(FIRST_BAN_RULE_ID);
  });

  it('are neither blocked by a pending change, nor confirm or end it', async () => {
    await fake.add({ source: 'any', destination_port: 23 });
    const { pending } = snapshot();
    expect(pending).toBeDefined();
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(snapshot().pending?.why).toBe(pending?.why);
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
  });

  it('are there when the pending change is confirmed, and not when they were undone meanwhile', async () => {
    await fake.add({ source: 'any', destination_port: 23 });
    await fake.service.changeBans([ban(1, '203.0.113.7'), ban(2, '203.0.113.8')]);
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    await fake.service.confirm(ROOT);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.kernel.verdict('203.0.113.8')).toBe('permit');
  });

  it('of a protected address are rejected, and nothing has changed', async () => {
    fake.world.protected = [{ kind: 'operator', address: '203.0.113.7', ports: [22] }];
    await fake.service.changeBans([ban(1, '203.0.113.9')]);
    expect(await rejection(fake.service.changeBans([ban(1, '203.0.113.9'), ban(2, '203.0.113.7')]))).toMatchObject({
      code: 'lockout',
      protected: { kind: 'operator', address: '203.0.113.7' },
    });
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
    expect(fake.kernel.verdict('203.0.113.9')).toBe(DENIED);
    await fake.add({ source: '192.0.2.9' });
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
  });

  it('of the peer of an ssh session are in force: it may be who attacks ssh', async () => {
    fake.world.protected = [{ kind: 'ssh_peer', address: '203.0.113.7', ports: [22] }];
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
  });

  it('within a protected network are rejected, too', async () => {
    fake.world.protected = [{ kind: 'protect', address: '203.0.113.0/24', ports: [] }];
    expect(await rejection(fake.service.changeBans([ban(1, '203.0.113.77')]))).toMatchObject({ code: 'lockout' });
  });

  it('that the kernel rejects are not in force later either', async () => {
    fake.kernel.faults = [new Error('no memory')];
    expect(await rejection(fake.service.changeBans([ban(1, '203.0.113.7')]))).toMatchObject({ code: 'internal' });
    await fake.add({ source: '192.0.2.9' });
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
  });

  it('end a pending change that the kernel does not take together with them', async () => {
    await fake.add({ source: 'any', destination_port: 23 });
    fake.kernel.faults = [undefined, new Error('no memory')];
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(snapshot()).not.toHaveProperty('pending');
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
    expect(fake.notices.at(-1)).toMatchObject({ code: 'rules_reverted' });
  });

  it('have counters, which the totals keep', async () => {
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    const [slot = 0] = fake.kernel.published.at(-1)?.fresh ?? [];
    fake.service.counted([{ slot, packets: 7, bytes: 700, last_seen_ms: 1 }]);
    await fake.add({ source: '192.0.2.9' });
    expect(fake.service.kept()).toContainEqual(
      expect.objectContaining({ id: FIRST_BAN_RULE_ID + 1, total: { packets: 7, bytes: 700, last_seen_ms: 1 } }),
    );
  });

  it('that end early are permitted at once, in both slots, and after the pending change', async () => {
    await fake.add({ source: 'any', destination_port: 23 });
    await fake.service.changeBans([ban(1, '203.0.113.7'), ban(2, '203.0.113.8')]);
    const { length } = fake.kernel.published;
    await fake.service.endBans([FIRST_BAN_RULE_ID + 1]);
    expect([fake.kernel.verdict('203.0.113.7'), fake.kernel.verdict('203.0.113.7', 23)]).toEqual(['permit', 'deny 1']);
    expect(fake.kernel.verdict('203.0.113.8')).toBe(`deny ${FIRST_BAN_RULE_ID + 2}`);
    expect(fake.kernel.published).toHaveLength(length);
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
  });

  it('that end while an image with them is compiled or on its way to the kernel are not in it', async () => {
    await fake.service.changeBans([1, 2, 3].map((n) => ban(n, `203.0.113.${n}`)));
    const verdicts = () => [1, 2, 3].map((n) => fake.kernel.verdict(`203.0.113.${n}`).slice(0, 4));
    const end = (n: number) => fake.service.endBans([FIRST_BAN_RULE_ID + n]);
    let ending: Promise<void> | undefined;
    fake.kernel.sent = () => {
      expect(verdicts()).toEqual(['perm', 'deny', 'deny']);
      ending = end(2);
    };
    const adding = fake.add({ source: '192.0.2.9' });
    await end(1);
    await adding;
    await ending;
    expect(verdicts()).toEqual(['perm', 'perm', 'deny']);
    // An image that is published again, because the disk is full.
    fake.world.commitFault = new Error('no space left');
    expect(await rejection(fake.add({ source: '192.0.2.10' }))).toMatchObject({ code: 'internal' });
    expect([...verdicts(), fake.kernel.verdict('192.0.2.9')]).toEqual(['perm', 'perm', 'deny', 'deny 1']);
  });

  it('that end while bans are replaced by a list with them stay ended, until they are resumed', async () => {
    let ending: Promise<void> | undefined;
    fake.kernel.sent = () => {
      ending = fake.service.endBans([FIRST_BAN_RULE_ID + 1]);
    };
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    await ending;
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
    // The lockout guard knows it, too.
    fake.world.protected = [{ kind: 'ssh_peer', address: '203.0.113.7', ports: [22] }];
    expect(await rejection(fake.add({ source: '203.0.113.7' }))).toMatchObject({ code: 'lockout' });
    fake.world.protected = [];
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe('permit');
    fake.service.resumeBans([FIRST_BAN_RULE_ID + 1]);
    await fake.service.changeBans([ban(1, '203.0.113.7')]);
    expect(fake.kernel.verdict('203.0.113.7')).toBe(DENIED);
  });

  it('that are kept are those that later changes compile', async () => {
    await fake.service.changeBans([ban(1, '203.0.113.7'), ban(2, '203.0.113.8')]);
    fake.service.keepBans([ban(2, '203.0.113.8')]);
    await fake.add({ source: '192.0.2.9' });
    expect([fake.kernel.verdict('203.0.113.7'), fake.kernel.verdict('203.0.113.8')]).toEqual([
      'permit',
      `deny ${FIRST_BAN_RULE_ID + 2}`,
    ]);
  });
});
