import { ACTIONS, encodePacketLog, type PacketLog, ruleDraftSchema } from '@packetlog/common';
import { expect, it } from 'vitest';
import { compileJob } from '../compiler/worker/jobs.ts';
import { addRule } from '../ruleset/changes.ts';
import { EMPTY_RULESET } from '../ruleset/ruleset.ts';
import { type DryRunCaller, DryRuns } from './dry-runs.ts';

const SHAPE = { stride: 72, recordOffset: 8 };
const circumstances = { nowMs: 0, createdBy: 'test' };

function compiled(...drafts: object[]) {
  let ruleset = EMPTY_RULESET;
  for (const draft of drafts) ruleset = addRule(ruleset, ruleDraftSchema.parse(draft), circumstances).ruleset;
  const { image } = compileJob({
    rules: ruleset.rules,
    defaultPolicy: 'permit',
    sets: new Map(),
    interfaceSlots: new Map([['eth0', 1]]),
    counters: { limit: 64, previous: new Map() },
  });
  return { ruleset, image, slots: new Map() };
}

function records(...packets: Partial<PacketLog>[]): [Uint8Array, number] {
  const bytes = new Uint8Array(packets.length * SHAPE.stride);
  packets.forEach((packet, i) => {
    const whole: PacketLog = {
      timestamp_ns: 0n,
      src_addr: '192.0.2.1',
      dst_addr: '192.0.2.2',
      rule_id: 0,
      ifindex: 3,
      length: 100,
      weight: 1,
      src_port: 1000,
      dst_port: 80,
      ether_type: 0x0800,
      vlan_id: 0,
      ip_protocol: 6,
      tcp_flags: 0,
      action: ACTIONS.permit,
      reason: 0,
      ...packet,
    };
    encodePacketLog(whole, bytes, i * SHAPE.stride + SHAPE.recordOffset);
  });
  return [bytes, packets.length];
}

it('counts by weight what would have been denied, by rule, source and port, and how much it saw', async () => {
  const wanted: boolean[] = [];
  const dryRuns = new DryRuns((isWanted) => wanted.push(isWanted));
  const report = dryRuns.play({
    compiled: compiled(
      { action: 'deny', source: '203.0.113.0/24', reason: 'noise' },
      { action: 'observe', source: 'any', protocol: 'tcp', destination_port: 22 },
    ),
    slots: new Map([[3, 1]]),
    seconds: 2,
    lockouts: [{ kind: 'gateway', address: '203.0.113.1', ports: [] }],
    nameOf: (id) => ({ draft: id - 1 }),
  });
  dryRuns.rows(...records({ src_addr: '203.0.113.1' }), SHAPE);
  dryRuns.second(1000, 5000);
  dryRuns.rows(
    ...records(
      { src_addr: '203.0.113.7', weight: 4, dst_port: 443 },
      { src_addr: '203.0.113.7', weight: 4, dst_port: 443 },
      { src_addr: '203.0.113.8' },
      { src_addr: '192.0.2.9', dst_port: 22 },
      { src_addr: '192.0.2.9' },
    ),
    SHAPE,
  );
  dryRuns.second(1010, 6000);
  dryRuns.second(1020, 7000);
  expect(await report).toEqual({
    seconds: 2,
    seen: 20,
    judged: 11,
    denied: { packets: 9, bytes: 900 },
    observed: { packets: 1, bytes: 100 },
    by_rule: [
      { draft: 0, rule: 'deny 203.0.113.0/24, because: noise', packets: 9, bytes: 900 },
      { draft: 1, rule: 'observe any source to tcp port 22', packets: 1, bytes: 100 },
    ],
    by_source: [
      { addr: '203.0.113.7', packets: 8, bytes: 800 },
      { addr: '203.0.113.8', packets: 1, bytes: 100 },
    ],
    by_port: [
      { ip_protocol: 6, port: 443, packets: 8, bytes: 800 },
      { ip_protocol: 6, port: 80, packets: 1, bytes: 100 },
    ],
    lockouts: [{ kind: 'gateway', address: '203.0.113.1' }],
  });
  expect(wanted).toEqual([true, false]);
});

it('reports what it saw so far when the loader ends', async () => {
  const dryRuns = new DryRuns(() => {});
  const play = { compiled: compiled(), slots: new Map(), seconds: 60, lockouts: [], nameOf: (id: number) => ({ id }) };
  const report = dryRuns.play(play);
  dryRuns.second(0, 0);
  dryRuns.rows(...records({}, {}), SHAPE);
  dryRuns.close(2, 1000);
  expect(await report).toMatchObject({ seconds: 1, seen: 2, judged: 2, denied: { packets: 0 } });
});

it('evaluates no more for many dry runs than for one, and reports how much each saw', async () => {
  const dryRuns = new DryRuns(() => {});
  const play = { compiled: compiled(), slots: new Map(), seconds: 60, lockouts: [], nameOf: (id: number) => ({ id }) };
  const reports = [1, 2, 3, 4].map(() => dryRuns.play(play));
  dryRuns.second(0, 0);
  const [bytes] = records({});
  const many = new Uint8Array(SHAPE.stride * 60_000);
  for (let at = 0; at < many.length; at += SHAPE.stride) many.set(bytes, at);
  dryRuns.rows(many, 60_000, SHAPE);
  dryRuns.close(60_000, 1000);
  for (const report of await Promise.all(reports)) expect(report).toMatchObject({ seen: 60_000, judged: 50_000 });
});

const admin = { mayChange: true };

function waiting(dryRuns: DryRuns) {
  const ends: (() => void)[] = [];
  const wait = (caller: DryRunCaller = admin) =>
    dryRuns.admit(caller, () => new Promise<void>((resolve) => ends.push(resolve)));
  return { ends, wait };
}

it('rejects a dry run above the limit until another one has ended', async () => {
  const dryRuns = new DryRuns(() => {});
  const { ends, wait } = waiting(dryRuns);
  const all = Array.from({ length: 16 }, () => wait());
  await expect(wait()).rejects.toMatchObject({ error: { code: 'limit', limit: 16 } });
  ends.shift()?.();
  await all.shift();
  await expect(dryRuns.admit(admin, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  all.push(wait());
  for (const end of ends) end();
  await Promise.all(all);
});

it('keeps room for those that can change rules, and for other clients', async () => {
  const { ends, wait } = waiting(new DryRuns(() => {}));
  const greedy = { mayChange: false };
  const all = [wait(greedy), wait(greedy)];
  await expect(wait(greedy)).rejects.toMatchObject({ error: { code: 'limit', limit: 2 } });
  for (let i = 0; i < 6; i++) all.push(wait({ mayChange: false }));
  await expect(wait({ mayChange: false })).rejects.toMatchObject({ error: { code: 'limit', limit: 8 } });
  for (let i = 0; i < 8; i++) all.push(wait());
  for (const end of ends) end();
  await Promise.all(all);
});

it('counts the requests of one client together, if each has another object', async () => {
  const { ends, wait } = waiting(new DryRuns(() => {}));
  const all = [1, 1, 2].map((client) => wait({ mayChange: false, client }));
  await expect(wait({ mayChange: false, client: 1 })).rejects.toMatchObject({ error: { code: 'limit', limit: 2 } });
  all.push(wait({ mayChange: false, client: 2 }));
  for (const end of ends) end();
  await Promise.all(all);
});

it('ends with its client, and evaluates no more packets for it', async () => {
  const wanted: boolean[] = [];
  const dryRuns = new DryRuns((isWanted) => wanted.push(isWanted));
  const gone = new AbortController();
  const play = {
    compiled: compiled(),
    slots: new Map(),
    seconds: 3600,
    lockouts: [],
    nameOf: (id: number) => ({ id }),
  };
  const report = dryRuns.play({ ...play, gone: gone.signal });
  dryRuns.second(0, 0);
  expect(dryRuns.isPlaying).toBe(true);
  gone.abort();
  await expect(report).rejects.toMatchObject({ error: { code: 'unavailable' } });
  expect([dryRuns.isPlaying, wanted]).toEqual([false, [true, false]]);
  await expect(dryRuns.play({ ...play, gone: gone.signal })).rejects.toThrow();
  expect(wanted).toEqual([true, false]);
});
