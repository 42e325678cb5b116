import { describe, expect, it } from 'vitest';
import {
  banOf,
  clock,
  eachWithBans,
  fake,
  guardsOf,
  HOUR,
  offender,
  open,
  paths,
  reboot,
  verdict,
  wallMs,
  world,
} from '../../test/support/bans-fixture.ts';
import { ROOT, rejection } from '../../test/support/fake-kernel.ts';
import { adding } from '../rules/engine/change.ts';
import { type BansFile, readBansFile } from '../rules/store/bans-file.ts';
import type { Bans } from './bans.ts';
import { BansStore } from './bans-store.ts';

eachWithBans();

describe('an undo', () => {
  const sources = ['203.0.113.7', '203.0.113.8', '198.51.100.9'];
  const start = async () => {
    const bans = open();
    await bans.offenders([offender(sources[0] as string)]);
    clock.upMs += 600_000;
    await bans.offenders([offender(sources[1] as string), offender(sources[2] as string)]);
    return bans;
  };
  const banned = () => sources.map((source) => verdict(source) !== 'permit');

  it.each<[string, Parameters<Bans['undo']>[0], boolean[]]>([
    ['a decision', { id: 2 }, [true, false, true]],
    ['a source', { source: '203.0.113.7' }, [false, true, true]],
    ['a network', { source: '203.0.113.0/24' }, [false, false, true]],
    ['a limit', { limit_rule: 3 }, [false, false, false]],
    ['the last minutes', { last_ms: 60_000 }, [true, false, false]],
  ])('ends the bans of %s', async (_, request, left) => {
    const bans = await start();
    await bans.undo(request, ROOT);
    expect(banned()).toEqual(left);
    expect(open().rules).toHaveLength(left.filter(Boolean).length);
    expect(bans.state.undone).toBe(left.filter((is) => !is).length);
  });

  it('is recorded in the decision and the audit file, and its strike does not count', async () => {
    const bans = await start();
    expect(await bans.undo({ id: 1 }, ROOT)).toEqual({ undone: [1], permit_rules: [] });
    const [decision] = new BansStore(paths(), () => {}).log.find({ id: 1, limit: 1 }, wallMs());
    expect(decision?.undone).toEqual({ at_ms: wallMs(), by: 'root' });
    expect(world.audited).toEqual(['root: ban 1']);
    clock.upMs += HOUR;
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided.at(-1)).toMatchObject({ kind: 'ban', strike: 1, duration_ms: HOUR });
  });

  it('is not taken back by the connections that led to the ban', async () => {
    const bans = open();
    const first = offender('203.0.113.7');
    await bans.offenders([first]);
    await bans.undo({ id: 1 }, ROOT);
    clock.upMs += 120_000;
    await bans.offenders([{ ...first, connections: 30 }]);
    expect(verdict('203.0.113.7')).toBe('permit');
    await bans.offenders([offender('203.0.113.7')]);
    expect(verdict('203.0.113.7')).toBe(banOf(2));
  });

  it('is not taken back by them either when the next loader takes over, before or after it', async () => {
    const first = offender('203.0.113.7');
    await open().offenders([first]);
    const bans = open();
    await bans.undo({ id: 1 }, ROOT);
    clock.upMs += 120_000;
    await bans.offenders([{ ...first, connections: 30 }]);
    await open().offenders([{ ...first, connections: 40 }]);
    expect(open().rules).toEqual([]);
    // After a boot, the kernel counts from the beginning, and its clock does.
    reboot(60_000);
    await open().offenders([first]);
    expect(open().rules).toHaveLength(1);
  });

  it('with never adds a permit rule, which users can undo, and prevents the next ban', async () => {
    const bans = await start();
    const undone = await bans.undo({ source: '203.0.113.0/24', never: true }, ROOT);
    expect(undone).toEqual({ undone: [1, 2], permit_rules: [1, 2] });
    expect(fake.service.ruleset.rules).toMatchObject([
      { action: 'permit', source: '203.0.113.7', reason: 'never ban', created_by: 'root' },
      { action: 'permit', source: '203.0.113.8' },
    ]);
    const [decision] = new BansStore(paths(), () => {}).log.find({ id: 2, limit: 1 }, wallMs());
    expect(decision?.undone).toMatchObject({ by: 'root', permit_rule: 2 });
    clock.upMs += HOUR;
    await bans.offenders([offender('203.0.113.8')]);
    expect(guardsOf(world.decided.at(-1))).toEqual(['permit_rule: rule 2 permits it']);
  });

  it.each<[Parameters<Bans['undo']>[0], RegExp]>([
    [{ id: 9 }, /^No ban 9 is in force\. List those in force with: packetlog bans list\.$/],
    [{ source: '192.0.2.1' }, /^No ban of 192\.0\.2\.1 is in force/],
    [{ limit_rule: 7 }, /^No ban by limit 7 is in force/],
    [{ last_ms: 1000 }, /^No ban of the last 1 s is in force/],
  ])('of nothing is rejected: %j', async (request, message) => {
    const bans = await start();
    clock.upMs += 2000;
    expect(await rejection(bans.undo(request, ROOT))).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(message),
    });
    expect(await rejection(bans.undo({ source: 'nonsense' }, ROOT))).toMatchObject({
      code: 'invalid',
      field: 'source',
    });
  });

  it('is in force before a change that was begun earlier, and needs no new image', async () => {
    const bans = await start();
    const { length } = fake.kernel.published;
    const order: string[] = [];
    const adding = fake.add({ source: '192.0.2.9' }).then(() => order.push('change'));
    const undoing = bans.undo({ id: 1 }, ROOT);
    await fake.service.endBans([]);
    order.push(verdict('203.0.113.7'));
    await Promise.all([adding, undoing]);
    expect(order).toEqual(['permit', 'change']);
    expect(banned()).toEqual([false, true, true]);
    expect(fake.kernel.published).toHaveLength(length + 1);
  });

  it('of a ban that is just being put in force prevents it', async () => {
    const bans = open();
    const banning = bans.offenders([offender('203.0.113.7')]);
    // The decision is made, its image is not compiled yet.
    await Promise.resolve();
    await bans.undo({ id: 1 }, ROOT);
    await banning;
    expect(verdict('203.0.113.7')).toBe('permit');
    expect(bans.rules).toEqual([]);
  });

  it('leaves the kernel with the next removal, and then its file; a loader that starts before does not know it', async () => {
    const bans = await start();
    await bans.tick();
    await bans.undo({ id: 1 }, ROOT);
    const stored = () => readBansFile(paths().bans) as BansFile;
    // As the kernel's image has it.
    expect(stored().bans.map(({ decision, ends_at_ms }) => [decision, ends_at_ms > wallMs()])).toEqual([
      [2, true],
      [3, true],
      [1, false],
    ]);
    expect(open().rules).toHaveLength(2);
    const { length } = fake.kernel.published;
    clock.upMs += 60_000;
    await bans.tick();
    expect(fake.kernel.published).toHaveLength(length + 1);
    expect(stored().bans.map(({ decision }) => decision)).toEqual([2, 3]);
    expect(banned()).toEqual([false, true, true]);
    await bans.tick();
    expect(fake.kernel.published).toHaveLength(length + 1);
  });

  it('replaces the image where the kernel cannot end a ban in it', async () => {
    const bans = await start();
    fake.kernel.endFaults = [new Error('no memory')];
    await bans.undo({ id: 1 }, ROOT);
    expect(banned()).toEqual([false, true, true]);
    expect(open().rules).toHaveLength(2);
  });

  it('that the kernel rejects leaves the ban and its strike', async () => {
    const bans = await start();
    fake.kernel.endFaults = [new Error('no memory')];
    fake.kernel.faults = [new Error('no memory')];
    expect(await rejection(bans.undo({ id: 1 }, ROOT))).toMatchObject({ code: 'internal' });
    expect(verdict('203.0.113.7')).toBe(banOf(1));
    expect(open().rules).toHaveLength(3);
  });

  it('whose permit rule is rejected leaves the ban, at the latest a second after the kernel can', async () => {
    const bans = await start();
    const undo = () => rejection(bans.undo({ id: 1, never: true }, ROOT));
    fake.world.saveFault = new Error('no space left');
    expect(await undo()).toMatchObject({ code: 'internal' });
    expect(banned()).toEqual([true, true, true]);
    expect(bans.rules).toHaveLength(3);
    fake.kernel.faults = [new Error('no memory')];
    await undo();
    expect(banned()).toEqual([false, true, true]);
    clock.upMs += 1000;
    await bans.tick();
    expect(banned()).toEqual([true, true, true]);
    fake.world.saveFault = undefined;
    await bans.undo({ id: 1, never: true }, ROOT);
    expect(verdict('203.0.113.7')).toBe('permit 1');
  });

  it('of two at the same time is done once', async () => {
    const bans = await start();
    const [first, second] = [bans.undo({ id: 1 }, ROOT), rejection(bans.undo({ source: '203.0.113.7' }, ROOT))];
    expect((await first).undone).toEqual([1]);
    expect(await second).toMatchObject({ code: 'not_found' });
    expect(bans.state.undone).toBe(1);
  });

  it('leaves a pending change, and is not one', async () => {
    const bans = await start();
    await fake.service.ask(adding({ rule: { action: 'deny', source: 'any', destination_port: 23, reason: '' } }, ROOT));
    await bans.undo({ id: 1 }, ROOT);
    expect(verdict('203.0.113.7')).toBe('permit');
    expect(fake.service.pending).toBeDefined();
  });
});
