import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  banOf,
  clock,
  eachWithBans,
  fake,
  guardsOf,
  kinds,
  offender,
  open,
  paths,
  SSH,
  verdict,
  world,
} from '../../test/support/bans-fixture.ts';

eachWithBans();

describe('not banned', () => {
  it.each<[string, string, () => void]>([
    [
      'an operator',
      'operator: it is the address of an operator: 203.0.113.7',
      () => (world.protected = [{ kind: 'operator', address: '203.0.113.7', ports: [22] }]),
    ],
    [
      'the gateway',
      'infrastructure: it is a default gateway: 203.0.113.7',
      () => (world.protected = [{ kind: 'gateway', address: '203.0.113.7', ports: [] }]),
    ],
    [
      'a name server',
      'infrastructure: it is a name server: 203.0.113.7',
      () => (world.protected = [{ kind: 'dns', address: '203.0.113.7', ports: [] }]),
    ],
    [
      'a protected network',
      'protect_list: it is on the protect list: 203.0.113.0/24',
      () => (world.protected = [{ kind: 'protect', address: '203.0.113.0/24', ports: [] }]),
    ],
    [
      'a source with a permit rule, of any port',
      'permit_rule: rule 9 permits it',
      () => (world.rules = [SSH, { ...SSH, id: 9, action: 'permit', source: '203.0.113.0/28', destination_port: 443 }]),
    ],
    [
      'a source with another connection',
      'other_connections: it has another connection, to tcp port 443, 5 min old',
      () => (world.connection = { localPort: 443, ageMs: 300_000 }),
    ],
  ])('is %s', async (_, note, prepare) => {
    prepare();
    const bans = open();
    await bans.offenders([offender('203.0.113.7'), offender('198.51.100.1')].slice(0, world.connection ? 1 : 2));
    expect(guardsOf(world.decided[0])).toEqual([note]);
    expect(world.decided[0]).not.toHaveProperty('ends_at_ms');
    expect(verdict('203.0.113.7')).toBe('permit');
    if (!world.connection) expect(verdict('198.51.100.1')).toBe(banOf(2));
    expect(bans.list({ source: '203.0.113.7', limit: 9 }).bans).toEqual([]);
  });

  it('is no source for its new ssh session: each attempt to log in is one', async () => {
    world.protected = [{ kind: 'ssh_peer', address: '203.0.113.7', ports: [22] }];
    await open().offenders([offender('203.0.113.7')]);
    expect(world.decided).toMatchObject([{ kind: 'ban', source: '203.0.113.7' }]);
  });

  it('is a source without enough verified connections: it may be forged', async () => {
    const bans = open();
    await bans.offenders([offender('203.0.113.7', { connections: 19 })]);
    expect(guardsOf(world.decided[0])).toEqual([
      'verified: the kernel verified 19 connections, fewer than the 20 that the limit permits',
    ]);
    expect(verdict('203.0.113.7')).toBe('permit');
  });

  it('says each guard that objects', async () => {
    world.protected = [
      { kind: 'gateway', address: '203.0.113.7', ports: [] },
      { kind: 'dns', address: '203.0.113.7', ports: [] },
    ];
    world.connection = { localPort: 443, ageMs: undefined };
    await open().offenders([offender('203.0.113.7')]);
    expect(guardsOf(world.decided[0])).toHaveLength(2);
    expect(world.decided[0]?.guards).toHaveLength(7);
  });

  it('is an address that the lockout guard protects, although no guard knew; others of the same moment are', async () => {
    fake.world.protected = [{ kind: 'operator', address: '203.0.113.8', ports: [22] }];
    const bans = open();
    await bans.offenders(['203.0.113.7', '203.0.113.8', '203.0.113.9'].map((source) => offender(source)));
    expect(kinds()).toEqual(['ban 203.0.113.7', 'not_banned 203.0.113.8', 'ban 203.0.113.9']);
    expect(guardsOf(world.decided[1])).toEqual(['operator: it is the address of an operator: 203.0.113.8']);
    expect(['203.0.113.7', '203.0.113.8', '203.0.113.9'].map(verdict)).toEqual([banOf(1), 'permit', banOf(3)]);
    expect(bans.state).toMatchObject({ active: 2, decided: { ban: 2, not_banned: 1 } });
    expect(JSON.parse(readFileSync(paths().bans, 'utf8')).strikes).toHaveLength(2);
  });

  it('is anyone while the kernel rejects the bans, and the next one counts as the first', async () => {
    const bans = open();
    fake.kernel.faults = [new Error('no memory')];
    await bans.offenders([offender('203.0.113.7')]);
    expect(guardsOf(world.decided[0])?.[0]).toMatch(/^ban_limit: the ban cannot be put in force: .*no memory/);
    clock.upMs += 60_000;
    await bans.offenders([offender('203.0.113.7')]);
    expect(world.decided[1]).toMatchObject({ kind: 'ban', strike: 1 });
  });
});
