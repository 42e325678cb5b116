import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Generation,
  generationSchema,
  type NodeRules,
  nodeRulesSchema,
  type Signed,
} from '@packetlog/common/fleet';
import { newPrivateKey, publicKeyOf, readPrivateKey, readStatement, signStatement } from '@packetlog/hub/signing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, ROOT } from '../../../test/support/fake-kernel.ts';
import { Compiler } from '../../rules/compiler/worker/compiler.ts';
import { editing, removing } from '../../rules/engine/change.ts';
import { readCopy } from '../../rules/store/read-set.ts';
import { hashOfRules } from './check-generation.ts';
import { NodeGenerations } from './node-generations.ts';

const key = readPrivateKey(newPrivateKey());
const publicKey = publicKeyOf(key);
const compiler = new Compiler();
const TELNET = { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 23 };
const DENY = (source: string) => ({ action: 'deny', source });

let directory: string;
let fake: ReturnType<typeof fakeService>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-generations-'));
  fake = fakeService();
  await fake.begin();
});
afterEach(async () => {
  await fake.end();
  rmSync(directory, { recursive: true });
});

/** A hub signs what it wants. */
function signed(number: number, rules: object, more: object = {}, by = key): Signed {
  const content = { default_policy: undefined, rules: [], lists: {}, ...rules };
  const hash = hashOfRules({
    payload: Buffer.from(JSON.stringify({ rules: content })).toString('base64url'),
    signature: '',
  });
  const value = { group: 'web', number, hash, by: 'ann', at_ms: 1, note: 'scanners', rules: content, ...more };
  return signStatement('generation', value, by);
}

function node(groups: readonly string[] = ['web'], hubKey = publicKey) {
  const told: NodeRules[] = [];
  const report = vi.fn<(level: string, message: string) => void>();
  const verified = (text: Signed) => readStatement<Generation>('generation', text, hubKey, generationSchema);
  const generations = new NodeGenerations({
    directory,
    groups: () => groups,
    verified,
    rules: () => fake.service,
    readList: (set, text) => readCopy(compiler, set, text),
    changed: () => told.push(generations.rules()),
    report,
  });
  fake.world.changed = () => generations.rulesChanged();
  generations.begin();
  const receive = async (text: Signed) => {
    const generation = verified(text);
    if (generation === undefined) throw new Error('the test’s own signature');
    const rules = await generations.receive(generation, text);
    expect(nodeRulesSchema.safeParse(rules).success).toBe(true);
    return rules;
  };
  return { generations, told, report, receive };
}
const sources = () => fake.service.ruleset.rules.map(({ source }) => source);

describe('a generation that the hub sends', () => {
  it('is in force, kept on the disk, and not applied twice', async () => {
    const { receive, told } = node();
    const rules = await receive(signed(3, { rules: [DENY('2.2.2.2')] }));
    expect(rules).toMatchObject({
      generation: { group: 'web', number: 3, hash: expect.stringMatching(/^sha256:/) },
      answer: { number: 3, state: 'in_force' },
    });
    expect(rules).not.toHaveProperty('drift');
    expect(told.at(-1)).toEqual(rules);
    expect(fake.kernel.verdict('2.2.2.2')).toBe('deny 1');
    expect(readdirSync(directory)).toEqual(['generation.json']);
    const { revision } = fake.service;
    expect(await receive(signed(3, { rules: [DENY('2.2.2.2')] }))).toMatchObject({
      answer: { state: 'in_force' },
      revision,
    });
  });

  it('has lists, which are sets of the node', async () => {
    const { receive } = node();
    const lists = { bad: '2.2.2.0/24\n2.2.3.0/24\n' };
    await receive(signed(1, { rules: [DENY('set:bad')], lists }));
    expect(fake.kernel.verdict('2.2.3.9')).toBe('deny 1');
    expect([...fake.service.ruleset.sets.keys()]).toEqual(['fleet.bad']);
    const rejected = await receive(signed(2, { rules: [DENY('set:bad')], lists: { bad: '2.2.2.0/24\nnonsense\n' } }));
    expect(rejected.answer).toMatchObject({
      state: 'rejected',
      code: 'invalid',
      message: expect.stringContaining('nonsense'),
    });
    const none = await receive(signed(3, { rules: [DENY('set:other')] }));
    expect(none.answer).toMatchObject({ code: 'invalid', message: expect.stringContaining('has no list other') });
    expect(none.generation).toMatchObject({ number: 1 });
  });

  it.each<[string, string, () => Signed]>([
    ['for another group', 'wrong_group', () => signed(9, {}, { group: 'db' })],
    ['whose hash is another one', 'wrong_hash', () => signed(9, {}, { hash: `sha256:${'0'.repeat(64)}` })],
    ['that is older than one that was in force', 'replay', () => signed(4, { rules: [DENY('9.9.9.9')] })],
    ['with the number of another one', 'replay', () => signed(5, { rules: [DENY('9.9.9.9')] })],
  ])('is rejected and logged if it is one %s', async (_, code, text) => {
    const { receive, report } = node();
    await receive(signed(5, { rules: [DENY('2.2.2.2')] }));
    const rules = await receive(text());
    expect(rules).toMatchObject({ generation: { number: 5 }, answer: { state: 'rejected', code } });
    expect(report).toHaveBeenCalledWith('warning', expect.stringContaining('is rejected'));
    expect(sources()).toEqual(['2.2.2.2']);
  });

  it('is rejected with the code of the node’s own checks', async () => {
    fake.world.protected = [{ kind: 'ssh_peer', address: '2.2.2.2', ports: [22] }];
    const { receive } = node();
    const { answer } = await receive(signed(1, { rules: [DENY('2.2.2.2')] }));
    expect(answer).toMatchObject({ number: 1, state: 'rejected', code: 'lockout' });
    expect(answer?.message).toContain('2.2.2.2');
    const limit = { action: 'limit', source: 'any', rate: '5/s', enforce: true };
    expect((await receive(signed(2, { rules: [limit] }))).answer).toMatchObject({ state: 'rejected', code: 'untried' });
    expect(readdirSync(directory)).toEqual([]);
    expect((await receive(signed(3, { rules: [DENY('2.2.2.2')] }, { force: true }))).answer?.state).toBe('in_force');
  });

  it('failed if it could not be written or put in force', async () => {
    const { receive } = node();
    fake.world.saveFault = new Error('ENOSPC');
    const { answer, generation } = await receive(signed(1, { rules: [DENY('2.2.2.2')] }));
    expect(answer).toMatchObject({ state: 'failed', code: 'internal', message: expect.stringContaining('ENOSPC') });
    expect(generation).toBeUndefined();
    fake.world.saveFault = undefined;
    expect((await receive(signed(1, { rules: [DENY('2.2.2.2')] }))).answer?.state).toBe('in_force');
  });
});

describe('a risky generation', () => {
  it('waits, and is in force once the hub confirms it', async () => {
    const { receive, generations } = node();
    const text = signed(1, { rules: [TELNET] });
    const rules = await receive(text);
    expect(rules.answer).toMatchObject({ number: 1, state: 'waiting', pending_until_ms: expect.any(Number) });
    expect(rules).not.toHaveProperty('generation');
    expect(fake.kernel.verdict('9.9.9.9', 23)).toBe('deny 1');
    expect(await receive(text)).toEqual(rules);
    expect((await generations.confirm({ group: 'web', number: 2 })).answer?.state).toBe('waiting');
    const confirmed = await generations.confirm({ group: 'web', number: 1 });
    expect(confirmed).toMatchObject({ generation: { number: 1 }, answer: { state: 'in_force' } });
    expect(fake.audit.at(-1)).toMatchObject({ what: 'confirm', who: { name: 'ann via hub' } });
    expect(existsSync(join(directory, 'generation.json'))).toBe(true);
  });

  it('is rejected if it reverts, and the hub may send it again', async () => {
    await fake.end();
    fake = fakeService({ confirmMs: 30 });
    await fake.begin();
    const { receive, told } = node();
    await receive(signed(1, { rules: [TELNET] }));
    await vi.waitFor(() =>
      expect(told.at(-1)?.answer).toMatchObject({
        number: 1,
        state: 'rejected',
        code: 'not_confirmed',
        message: expect.stringContaining('not confirmed in time'),
      }),
    );
    expect(fake.kernel.verdict('9.9.9.9', 23)).toBe('permit');
    expect(readdirSync(directory)).toEqual([]);
    expect((await receive(signed(1, { rules: [TELNET] }))).answer?.state).toBe('waiting');
  });

  it('is rejected if a person reverts it on the node', async () => {
    const { receive, generations } = node();
    await receive(signed(1, { rules: [TELNET] }));
    await fake.service.revert(ROOT);
    expect(generations.rules().answer).toMatchObject({
      code: 'not_confirmed',
      message: expect.stringContaining('on the node'),
    });
  });

  it('is replaced by a newer one', async () => {
    const { receive } = node();
    await receive(signed(1, { rules: [TELNET] }));
    const { answer } = await receive(signed(2, { rules: [DENY('2.2.2.2')] }));
    expect(answer).toEqual({ number: 2, state: 'in_force' });
    expect(sources()).toEqual(['2.2.2.2']);
    expect(fake.kernel.verdict('9.9.9.9', 23)).toBe('permit');
  });

  it('is not confirmed together with a risky change of the node', async () => {
    const { receive, generations } = node();
    await receive(signed(1, { rules: [TELNET] }));
    await fake.add({ source: 'any', protocol: 'tcp', destination_port: 24 });
    const { answer } = await generations.confirm({ group: 'web', number: 1 });
    expect(answer).toMatchObject({ state: 'waiting', message: expect.stringContaining('packetlog rules confirm') });
    await fake.service.confirm(ROOT);
    expect(generations.rules().answer).toEqual({ number: 1, state: 'in_force' });
  });

  it('waits for a change of the node that is pending', async () => {
    const { receive, told } = node();
    await fake.add({ source: 'any', protocol: 'tcp', destination_port: 24 });
    const { answer } = await receive(signed(1, { rules: [DENY('2.2.2.2')] }));
    expect(answer).toMatchObject({ state: 'waiting', message: expect.stringContaining('applied after that') });
    expect(answer).not.toHaveProperty('pending_until_ms');
    await fake.service.revert(ROOT);
    await vi.waitFor(() => expect(told.at(-1)?.answer).toEqual({ number: 1, state: 'in_force' }));
    expect(sources()).toEqual(['2.2.2.2']);
  });
});

describe('drift', () => {
  const rules = { rules: [DENY('2.2.2.2'), { ...DENY('set:bad'), reason: 'list' }], lists: { bad: '3.3.3.3' } };

  it('says what a person changed on the node, and repair removes it', async () => {
    const { receive, generations, told } = node();
    await receive(signed(1, { ...rules, default_policy: 'permit' }));
    await fake.add({ source: '4.4.4.4' });
    expect(generations.rules()).not.toHaveProperty('drift');
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    await fake.service.ask(editing({ id: 2, changes: { reason: 'mine' } }, ROOT));
    expect(generations.rules().drift).toEqual([
      'rule deny 2.2.2.2 is missing',
      'rule 2 is deny the set fleet.bad, because: mine, not deny the set fleet.bad, because: list',
    ]);
    expect(told.at(-1)?.drift).toHaveLength(2);
    expect((await receive(signed(1, { ...rules, default_policy: 'permit' }))).drift).toHaveLength(2);
    const repaired = await generations.repair();
    expect(repaired).not.toHaveProperty('drift');
    expect(repaired.answer).toEqual({ number: 1, state: 'in_force' });
    expect(sources().sort()).toEqual(['2.2.2.2', '4.4.4.4', 'set:fleet.bad']);
    expect(fake.audit.at(-1)).toMatchObject({ who: { name: 'hub' }, why: 'generation 1 of web: repair' });
  });

  it('has at most 20 sentences', async () => {
    const { receive, generations } = node();
    const many = Array.from({ length: 30 }, (_, i) => DENY(`5.5.5.${i}`));
    await receive(signed(1, { rules: many }));
    await fake.service.ask(removing({ matching: [{ group: 'web' }] }, ROOT));
    const { drift = [] } = generations.rules();
    expect(drift).toHaveLength(20);
    expect(drift.at(-1)).toBe('11 more differences');
    expect(generations.rules().generation).toMatchObject({ number: 1 });
  });

  it('is no drift if a rule of the generation expires', async () => {
    const { receive, generations } = node();
    const ends = new Date(Date.now() + 50).toISOString();
    await receive(signed(1, { rules: [{ ...DENY('2.2.2.2'), expires_at: ends }] }));
    await vi.waitFor(() => {
      fake.service.tick();
      expect(sources()).toEqual([]);
    });
    expect(generations.rules()).not.toHaveProperty('drift');
  });
});

describe('the start of a node', () => {
  it('has the generation from the disk, and rejects older ones', async () => {
    await node().receive(signed(7, { rules: [DENY('2.2.2.2')] }));
    const { generations, receive } = node();
    expect(generations.rules()).toMatchObject({ generation: { group: 'web', number: 7 } });
    expect(generations.rules()).not.toHaveProperty('answer');
    expect((await receive(signed(6, {}))).answer).toMatchObject({ code: 'replay' });
  });

  it('finds and logs drift that arose meanwhile', async () => {
    await node().receive(signed(7, { rules: [DENY('2.2.2.2')] }));
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    const { generations, report } = node();
    expect(generations.rules().drift).toEqual(['rule deny 2.2.2.2 is missing']);
    expect(report).toHaveBeenCalledWith('warning', expect.stringContaining('generation 7 of web: rule deny 2.2.2.2'));
  });

  it('knows which of two generations was in force when it was killed', async () => {
    const first = node();
    await first.receive(signed(1, { rules: [DENY('2.2.2.2')] }));
    await first.receive(signed(2, { rules: [TELNET] }));
    expect(readdirSync(directory)).toContain('next.json');
    await fake.service.revert(ROOT);
    writeNext(signed(2, { rules: [TELNET] }));
    const { generations } = node();
    expect(generations.rules()).toMatchObject({
      generation: { number: 1 },
      answer: { number: 2, state: 'rejected', code: 'not_confirmed' },
    });
    expect(readdirSync(directory)).toEqual(['generation.json']);

    writeNext(signed(3, { rules: [DENY('2.2.2.2')] }));
    expect(node().generations.rules()).toMatchObject({ generation: { number: 3 } });
    expect(readdirSync(directory)).toEqual(['generation.json']);
  });

  it('does not trust a file that none of its hubs signed, or that is damaged', async () => {
    await node().receive(signed(7, { rules: [DENY('2.2.2.2')] }));
    const other = publicKeyOf(readPrivateKey(newPrivateKey()));
    const stranger = node(['web'], other);
    expect(stranger.generations.rules()).not.toHaveProperty('generation');
    expect(stranger.report).toHaveBeenCalledWith('warning', expect.stringContaining('has signed it'));
    writeFileSync(join(directory, 'generation.json'), '{"version":1');
    const { generations, report, receive } = node();
    expect(generations.rules()).toEqual({ revision: fake.service.revision });
    expect(report).toHaveBeenCalledWith('warning', expect.stringContaining('it is damaged'));
    expect((await receive(signed(1, { rules: [DENY('2.2.2.2')] }))).answer?.state).toBe('in_force');
  });

  function writeNext(generation: Signed): void {
    const newest = { web: JSON.parse(Buffer.from(generation.payload, 'base64url').toString()).number };
    writeFileSync(join(directory, 'next.json'), JSON.stringify({ version: 1, newest, generation }));
  }
});
