import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckedFleetRequest, FleetResults, FleetVerb } from '@packetlog/common/fleet';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lockFile, newDirectory } from '../../test/support/directory.ts';
import { FakeLinks, FakeNode } from '../../test/support/fake-nodes.ts';
import { sharedBy } from '../../test/support/shared-state.ts';
import { newPrivateKey, publicKeyOf, readPrivateKey } from '../identity/signing.ts';
import { openFileState } from '../state/file-state.ts';
import type { HubState } from '../state/hub-state.ts';
import { FleetRules } from './fleet-rules.ts';
import { emptyReport } from './sum-reports.ts';

const privateKey = readPrivateKey(newPrivateKey());
const hubKey = publicKeyOf(privateKey);
const DENY = { rules: [{ action: 'deny' as const, source: '192.0.2.1', reason: '' }], lists: {} };
const OTHER = { rules: [{ action: 'deny' as const, source: 'set:bad', reason: '' }], lists: { bad: '192.0.2.2\n' } };

let directory: string;
let state: HubState;
let links: FakeLinks;
let members: { name: string; group: string }[];
let rules: FleetRules;

beforeEach(async () => {
  directory = newDirectory();
  state = await openFileState({ directory, lockFile });
  onTestFinished(() => state.close());
  links = new FakeLinks();
  members = [];
  rules = await open();
});

async function open(shared = state, nodes = links): Promise<FleetRules> {
  const opened = await FleetRules.open({
    state: shared,
    links: nodes,
    members: { all: () => members },
    privateKey,
    now: () => 1,
    log: { info: () => {} },
    failed: (error) => expect.fail(String(error)),
  });
  opened.start();
  onTestFinished(() => opened.close());
  return opened;
}

function enter(name: string, group = 'web', answer: FakeNode['answer'] = 'accept'): FakeNode {
  const node = new FakeNode(name, group, hubKey);
  node.answer = answer;
  members.push({ name, group });
  links.join(node);
  return node;
}

async function ask<Verb extends FleetVerb>(verb: Verb, request: unknown, by = rules): Promise<FleetResults[Verb]> {
  const handler = by.handlers()[verb];
  if (handler === undefined) throw new Error(`no handler for ${verb}`);
  return handler(request as CheckedFleetRequest<Verb>, { person: 'eva', role: { kind: 'admin' } });
}

const apply = (expected: number, content: typeof DENY | typeof OTHER = DENY, more: object = {}) =>
  ask('rules_apply', { group: 'web', expected, rules: content, note: 'why', ...more });
const web = () => rules.groups().find(({ name }) => name === 'web');
const untilDone = (number: number) =>
  expect.poll(() => web()?.rollout).toMatchObject({ number, state: 'done', in_force: members.length });

describe('rules of a group', () => {
  it('reach all its nodes, signed, and are shown', async () => {
    const nodes = ['a', 'b', 'c'].map((name) => enter(name));
    const other = enter('d', 'db');
    const { number, hash } = await apply(0, OTHER);
    expect(number).toBe(1);
    await expect.poll(() => web()?.rollout).toMatchObject({ state: 'done', wanted: 3, in_force: 3 });
    for (const { received } of nodes) {
      expect(received).toEqual([{ group: 'web', number: 1, hash, by: 'eva', at_ms: 1, note: 'why', rules: OTHER }]);
    }
    expect(other.received).toEqual([]);
    expect(await ask('rules', { group: 'web' })).toEqual({ number: 1, hash, rules: OTHER });
    expect(await ask('rules', { group: 'db' })).toEqual({ number: 0, rules: { rules: [], lists: {} } });
    expect(web()?.generation).toMatchObject({ number: 1, by: 'eva', note: 'why', rules: 1, lists: 1 });
    expect([rules.wanted('a', 'web'), rules.wanted('d', 'db')]).toEqual([1, undefined]);
  });

  it('are not replaced by a change that has not seen the newest generation', async () => {
    enter('a');
    await apply(0);
    await expect(apply(0)).rejects.toMatchObject({ code: 'conflict', message: /newest generation of web is 1, not 0/ });
    const both = await Promise.allSettled([apply(1, DENY), apply(1, OTHER)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await untilDone(2);
  });

  it('must have the lists that they name, and a group', async () => {
    enter('a');
    const broken = { rules: OTHER.rules, lists: {} } as unknown as typeof OTHER;
    await expect(apply(0, broken)).rejects.toMatchObject({
      code: 'invalid',
      details: { field: 'rules.rules.0.source' },
    });
    await expect(ask('rules', { group: 'wbe' })).rejects.toMatchObject({
      code: 'not_found',
      message: /hub group add wbe/,
    });
  });

  it('stop at the first rejection, and go on when a person resumes', async () => {
    const nodes = ['a', 'b', 'c'].map((name) => enter(name));
    await apply(0);
    await untilDone(1);
    const [, b] = nodes as [FakeNode, FakeNode, FakeNode];
    b.answer = 'reject';
    await apply(1, OTHER);
    await expect
      .poll(() => web()?.rollout)
      .toMatchObject({
        state: 'stopped',
        stage: 'few',
        in_force: 1,
        rejected: 1,
        why: 'b rejected generation 2 (lockout): No.',
      });
    expect(nodes.map(({ rules: { generation } }) => generation?.number)).toEqual([2, 1, 1]);
    expect(['a', 'b', 'c'].map((name) => rules.wanted(name, 'web'))).toEqual([2, 1, 1]);
    b.answer = 'accept';
    expect((await ask('rollout', { group: 'web', action: 'resume' })).rollout.state).toBe('running');
    await untilDone(2);
    await expect(ask('rollout', { group: 'web', action: 'stop' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('are confirmed where they are risky', async () => {
    const node = enter('a', 'web', 'risky');
    await apply(0);
    await untilDone(1);
    expect(node.confirmed).toEqual([1]);
  });

  it('reach nodes that come later, and after a restart of the hub', async () => {
    enter('a');
    await apply(0);
    await untilDone(1);
    const late = enter('b');
    await untilDone(1);
    await rules.close();
    await state.close();
    state = await openFileState({ directory, lockFile });
    onTestFinished(() => state.close());
    rules = await open(state);
    const later = enter('c');
    await untilDone(1);
    expect([late, later].map(({ received }) => received.length)).toEqual([1, 1]);
  });

  it('of an earlier group do not stay on a node that was moved to a group without rules', async () => {
    const node = enter('a');
    await apply(0);
    await untilDone(1);
    links.leave('a');
    members[0] = { name: 'a', group: 'db' };
    node.group = 'db';
    links.join(node);
    await expect.poll(() => node.rules.generation).toMatchObject({ group: 'db', number: 1 });
    expect(node.received.at(-1)?.rules).toEqual({ rules: [], lists: {} });
  });

  it('leave only the blobs that are needed', async () => {
    const node = enter('a');
    for (let number = 0; number < 3; number += 1) {
      await apply(number);
      await untilDone(number + 1);
    }
    node.answer = 'reject';
    await apply(3, OTHER);
    await expect.poll(() => web()?.rollout?.state).toBe('stopped');
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2);
  });
});

describe('groups', () => {
  it('are added and removed; a later one of the same name continues the numbers', async () => {
    await ask('group_add', { group: 'web' });
    await expect(ask('group_add', { group: 'web' })).rejects.toMatchObject({ code: 'conflict' });
    enter('a');
    await apply(0);
    await untilDone(1);
    await expect(ask('group_remove', { group: 'web' })).rejects.toMatchObject({ message: /has 1 node. Move them/ });
    members = [];
    await ask('group_remove', { group: 'web' });
    expect(rules.groups().map(({ name }) => name)).toEqual(['default']);
    expect(readdirSync(join(directory, 'blobs'))).toEqual([]);
    await ask('group_add', { group: 'web' });
    expect(await ask('rules', { group: 'web' })).toMatchObject({ number: 1, rules: { rules: [] } });
    expect((await apply(1)).number).toBe(2);
  });
});

describe('a node', () => {
  it('is repaired', async () => {
    const node = enter('a');
    node.rules = { revision: 1, drift: ['a rule was removed'] };
    links.tell(node);
    expect(await ask('repair', { node: 'a' })).toEqual({ node: 'a' });
    expect(node.repairs).toBe(1);
    links.leave('a');
    await expect(ask('repair', { node: 'a' })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a dry run', () => {
  const request = { rules: DENY.rules, from_ms: 0, to_ms: 1000 };
  const report = (packets: number) => ({
    ...emptyReport(),
    records: packets,
    denied: { packets, bytes: 60 * packets },
  });

  it('sums what the nodes of the group answer, and names the others', async () => {
    for (const [index, name] of ['a', 'b'].entries()) {
      enter(name).asked = async (asked) => {
        expect(asked).toEqual(request);
        return { ok: true, value: report(index + 1) };
      };
    }
    enter('c').asked = async () =>
      ({ ok: false, error: { code: 'unavailable', message: 'Nothing is recorded.' } }) as never;
    enter('d').asked = async () => ({ ok: true, value: { denied: 'x' } });
    enter('e');
    enter('f');
    links.leave('f');
    enter('g', 'db');
    expect(await ask('dry_run', { group: 'web', request })).toMatchObject({
      asked: 6,
      answered: 2,
      missing: [
        { node: 'c', why: 'Nothing is recorded.' },
        { node: 'd', why: 'Its answer is malformed.' },
        { node: 'e', why: 'no recorder' },
        { node: 'f', why: 'It has no connection to this hub.' },
      ],
      sum: { records: 3, denied: { packets: 3, bytes: 180 } },
    });
  });

  it('is rejected if it is not valid', async () => {
    await expect(ask('dry_run', { request: { from_ms: 0 } })).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('two hubs with one state', () => {
  it('one of them sends; the other one goes on when it ends', async () => {
    await rules.close();
    const [first, second] = [new FakeLinks(), new FakeLinks()];
    const one = await open(sharedBy(state), first);
    await expect.poll(() => state.get('lease/rollout')).toBeDefined();
    const two = await open(sharedBy(state), second);
    members.push({ name: 'a', group: 'web' });
    const node = new FakeNode('a', 'web', hubKey);
    first.join(node);
    second.join(node);
    rules = one;
    await ask('rules_apply', { group: 'web', expected: 0, rules: DENY, note: '' }, two);
    await untilDone(1);
    expect(node.received).toHaveLength(1);
    await one.close();
    rules = two;
    await ask('rules_apply', { group: 'web', expected: 1, rules: OTHER, note: '' }, two);
    await expect.poll(() => node.rules.generation?.number, { timeout: 30_000 }).toBe(2);
  });
});
