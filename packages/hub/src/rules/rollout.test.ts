/** Rollouts against simulated nodes and hubs that end at any moment: no network, and a clock of the test. */
import type { NodeRules } from '@packetlog/common/fleet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NodeMemory, SILENT_MS } from './node-memory.ts';
import { outcomeOf } from './node-outcome.ts';
import { attemptOf, type NodeStep, planNode } from './plan-node.ts';
import { planRollout, resumed, stopped } from './plan-rollout.ts';
import { nextRollout, type RolloutRecord } from './rollout-record.ts';

const GROUP = 'web';
const PENDING_MS = 60_000;
/** As long as a link waits for an answer. */
const ANSWER_MS = 120_000;

type Manner = 'accept' | 'risky' | 'reject' | 'fail' | 'mute';

function generation(number: number): RolloutRecord['generation'] {
  return {
    number,
    hash: `sha256:${number}`,
    blob: `${number}`,
    bytes: 1,
    by: 'eva',
    at_ms: 0,
    note: '',
    rules: 1,
    lists: 0,
  };
}

class SimulatedNode {
  readonly name: string;
  readonly manner: Manner;
  isHeard = true;
  inForce = 0;
  answer: NodeRules['answer'];
  /** What was in force before a generation that waits. */
  before = 0;
  untilMs = 0;
  /** On its way to the node. */
  inbox: NodeStep[] = [];

  constructor(name: string, manner: Manner) {
    this.name = name;
    this.manner = manner;
  }

  get rules(): NodeRules {
    const { inForce, answer } = this;
    return {
      revision: 0,
      ...(inForce > 0 && { generation: { group: GROUP, number: inForce, hash: `sha256:${inForce}` } }),
      ...(answer && { answer }),
    };
  }

  get isPending(): boolean {
    return this.answer?.state === 'waiting';
  }

  /** Returns the answer; undefined: none. */
  receive({ kind, target: { number } }: NodeStep, nowMs: number): NodeRules | undefined {
    if (kind === 'confirm') {
      if (this.isPending && this.answer?.number === number) this.answer = { number, state: 'in_force' };
    } else if (number < this.inForce) this.answer = { number, state: 'rejected', code: 'stale' };
    else if (number > this.inForce) this.#apply(number, nowMs);
    return this.manner === 'mute' ? undefined : this.rules;
  }

  #apply(number: number, nowMs: number): void {
    if (this.manner === 'reject') this.answer = { number, state: 'rejected', code: 'lockout' };
    else if (this.manner === 'fail') this.answer = { number, state: 'failed' };
    else if (this.manner === 'risky') {
      this.before = this.isPending ? this.before : this.inForce;
      this.inForce = number;
      this.untilMs = nowMs + PENDING_MS;
      this.answer = { number, state: 'waiting', pending_until_ms: this.untilMs };
    } else if (this.manner === 'accept') {
      this.inForce = number;
      this.answer = { number, state: 'in_force' };
    }
  }

  /** The kernel's clock reverts what nobody confirmed. */
  tick(nowMs: number): void {
    if (!this.isPending || nowMs < this.untilMs) return;
    this.inForce = this.before;
    this.answer = { number: this.answer?.number ?? 0, state: 'failed', code: 'reverted' };
  }
}

/** A group with its nodes, and a hub that may end and start again. */
class Fleet {
  readonly nodes: SimulatedNode[];
  record: RolloutRecord = nextRollout(undefined, generation(1), false);
  nowMs = 0;
  memory = new NodeMemory(() => this.nowMs);
  /** Nodes that were sent the newest generation in this attempt. */
  reached = new Set<string>();
  /** Whether a step to a node or of the record broke a promise: checked after each. */
  readonly steps: string[] = [];

  constructor(manners: readonly Manner[]) {
    this.nodes = manners.map((manner, index) => new SimulatedNode(`web${String(index).padStart(3, '0')}`, manner));
    this.#hearAll();
    this.decide();
  }

  get quota(): number {
    return { one: 1, few: Math.max(2, Math.ceil(this.nodes.length * 0.05)), all: Number.POSITIVE_INFINITY }[
      this.record.stage
    ];
  }

  #hearAll(): void {
    for (const node of this.nodes) if (node.isHeard) this.memory.told(node.name, node.rules);
  }

  decide(): void {
    for (let next = this.#plan(); next !== this.record; next = this.#plan()) {
      this.#check(next);
      this.record = next;
    }
    for (const node of this.nodes) {
      const rules = this.memory.rules(node.name);
      if (!node.isHeard || rules === undefined) continue;
      const step = planNode(this.record, GROUP, node.name, rules, this.memory);
      if (step === undefined) continue;
      if (step.kind === 'confirm' && this.memory.confirms(node.name) === undefined) continue;
      this.#send(node, step);
    }
  }

  #plan(): RolloutRecord {
    const what = attemptOf(GROUP, this.record);
    const members = this.nodes.map(({ name, isHeard }) => ({
      name,
      isHeard,
      rules: this.memory.rules(name),
      hasAnswered: this.memory.hasAnswered(name, what),
      isSilent: this.memory.isSilent(name, what, isHeard),
    }));
    return planRollout(this.record, GROUP, members);
  }

  #check(next: RolloutRecord): void {
    this.steps.push(`${next.state} ${next.stage}`);
    if (next.state !== 'done') return;
    // Only nodes that are silent may be without it.
    const what = attemptOf(GROUP, next);
    for (const { name, isHeard, inForce } of this.nodes) {
      if (this.memory.isSilent(name, what, isHeard)) continue;
      expect([name, inForce]).toEqual([name, next.generation.number]);
    }
  }

  #send(node: SimulatedNode, step: NodeStep): void {
    const { generation: newest, state, stage, chosen } = this.record;
    const isNewest = step.target.number === newest.number;
    if (step.kind === 'confirm') {
      expect(node.isPending && node.inForce === step.target.number && (state !== 'stopped' || !isNewest)).toBe(true);
    } else {
      this.#ends.set(node.name, { ...this.memory.asks(node.name, step.what), untilMs: this.nowMs + ANSWER_MS });
      expect(step.target.number).toBeGreaterThanOrEqual(this.memory.rules(node.name)?.generation?.number ?? 0);
      if (isNewest) {
        this.reached.add(node.name);
        expect(state).not.toBe('stopped');
        expect(stage === 'all' || chosen.includes(node.name)).toBe(true);
        expect(this.reached.size).toBeLessThanOrEqual(this.quota);
      }
    }
    node.inbox.push(step);
  }

  /** Questions that wait for an answer. */
  readonly #ends = new Map<string, ReturnType<NodeMemory['asks']> & { readonly untilMs: number }>();

  /** A node reads one message. */
  deliver(node: SimulatedNode): void {
    const step = node.inbox.shift();
    if (step === undefined) return;
    const rules = node.receive(step, this.nowMs);
    if (node.isHeard && rules !== undefined) {
      if (step.kind === 'confirm') this.memory.told(node.name, rules);
      else this.#end(node, rules);
    }
    this.decide();
  }

  #end(node: SimulatedNode, rules: NodeRules | undefined): void {
    this.#ends.get(node.name)?.ended(rules);
    this.#ends.delete(node.name);
  }

  setHeard(node: SimulatedNode, isHeard: boolean): void {
    if (node.isHeard === isHeard) return;
    node.isHeard = isHeard;
    // The node may have read what was on its way.
    if (!isHeard) {
      for (const step of node.inbox.splice(0)) node.receive(step, this.nowMs);
      this.#end(node, undefined);
    } else if (node.manner !== 'mute') this.memory.told(node.name, node.rules);
    this.memory.connectionChanged(node.name);
    this.decide();
  }

  tick(ms: number): void {
    this.nowMs += ms;
    for (const node of this.nodes) {
      node.tick(this.nowMs);
      if (this.nowMs >= (this.#ends.get(node.name)?.untilMs ?? Number.POSITIVE_INFINITY)) this.#end(node, undefined);
      if (node.isHeard && node.manner !== 'mute') this.memory.told(node.name, node.rules);
    }
    this.decide();
  }

  /** The hub is killed, and starts again with what it has stored. */
  crash(): void {
    this.memory = new NodeMemory(() => this.nowMs);
    this.#ends.clear();
    for (const node of this.nodes) node.inbox = [];
    this.#hearAll();
    this.decide();
  }

  stop(): void {
    if (this.record.state === 'running') this.record = stopped(this.record, 'eva stopped it.');
    this.decide();
  }

  resume(): void {
    if (this.record.state === 'running') return;
    this.record = resumed(this.record);
    this.decide();
  }

  apply(isAtOnce: boolean): void {
    this.record = nextRollout(this.record, generation(this.record.generation.number + 1), isAtOnce);
    this.reached.clear();
    this.decide();
  }

  /** Lets everything happen that still can. */
  settle(): void {
    for (let round = 0; round < 30; round += 1) {
      for (const node of this.nodes) {
        this.setHeard(node, true);
        while (node.inbox.length > 0) this.deliver(node);
      }
      this.tick(SILENT_MS / 6);
    }
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { rules } of this.nodes) {
      const outcome = outcomeOf({ group: GROUP, ...this.record.generation }, rules);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  }
}

const manner = fc.constantFrom<Manner>(
  'accept',
  'accept',
  'accept',
  'accept',
  'risky',
  'risky',
  'reject',
  'fail',
  'mute',
);
const index = fc.nat(1000);
const event = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('deliver' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const), index }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), index: fc.integer({ min: 1, max: 100_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'stop', 'resume', 'apply'), index }) },
);

function happen(fleet: Fleet, { kind, index: at }: { kind: string; index: number }): void {
  const node = fleet.nodes[at % fleet.nodes.length] as SimulatedNode;
  if (kind === 'deliver') fleet.deliver(node);
  else if (kind === 'leave') fleet.setHeard(node, false);
  else if (kind === 'join') fleet.setHeard(node, true);
  else if (kind === 'tick') fleet.tick(at);
  else if (kind === 'crash') fleet.crash();
  else if (kind === 'stop') fleet.stop();
  else if (kind === 'resume') fleet.resume();
  else fleet.apply(at % 2 === 0);
}

describe('a rollout', () => {
  it('keeps its stages, sends nothing after a stop, and comes to an end, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(manner, { minLength: 1, maxLength: 60 }),
        fc.array(event, { maxLength: 80 }),
        (manners, events) => {
          const fleet = new Fleet(manners);
          for (const each of events) happen(fleet, each);
          fleet.settle();
          expect(fleet.record.state).not.toBe('running');
          if (fleet.record.state === 'stopped') return;
          const { number } = fleet.record.generation;
          for (const node of fleet.nodes) {
            if (node.manner === 'accept' || node.manner === 'risky') expect(node.inForce).toBe(number);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reaches all nodes that accept it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Manner>('accept', 'risky'), { minLength: 1, maxLength: 80 }),
        fc.array(
          event.filter(({ kind }) => kind === 'deliver'),
          { maxLength: 40 },
        ),
        (manners, events) => {
          const fleet = new Fleet(manners);
          for (const each of events) happen(fleet, each);
          fleet.settle();
          expect(fleet.record.state).toBe('done');
          expect(fleet.counts()).toEqual({ in_force: manners.length });
          const few = Math.max(2, Math.ceil(manners.length * 0.05));
          expect(fleet.record.chosen).toHaveLength(Math.min(few, manners.length));
        },
      ),
      { numRuns: 200 },
    );
  });

  const accepting = (count: number, ...others: Manner[]) => [...others, ...new Array<Manner>(count).fill('accept')];
  /** Delivers what is on its way, not what follows from that. */
  const deliverAll = (fleet: Fleet) => {
    for (const node of fleet.nodes.filter(({ inbox }) => inbox.length > 0)) fleet.deliver(node);
  };

  it('goes from one node to 5 % and then to all', () => {
    const fleet = new Fleet(accepting(100));
    const sent = () => fleet.nodes.filter(({ inbox }) => inbox.length > 0).length;
    expect([fleet.record.stage, sent()]).toEqual(['one', 1]);
    fleet.deliver(fleet.nodes[0] as SimulatedNode);
    expect([fleet.record.stage, sent()]).toEqual(['few', 4]);
    deliverAll(fleet);
    expect([fleet.record.stage, sent()]).toEqual(['all', 95]);
    deliverAll(fleet);
    expect(fleet.record.state).toBe('done');
  });

  it('stops at the first node that rejects it, and says why; the others keep what they have', () => {
    const fleet = new Fleet(accepting(10, 'accept', 'reject'));
    deliverAll(fleet);
    deliverAll(fleet);
    expect(fleet.record).toMatchObject({
      state: 'stopped',
      stage: 'few',
      why: 'web001 rejected generation 1 (lockout).',
    });
    fleet.settle();
    expect(fleet.counts()).toEqual({ in_force: 1, rejected: 1, unknown: 10 });
  });

  it('asks nodes that rejected it once more when it is resumed', () => {
    const fleet = new Fleet(accepting(10, 'reject'));
    deliverAll(fleet);
    expect(fleet.record.state).toBe('stopped');
    fleet.resume();
    expect([fleet.record.state, fleet.nodes[0]?.inbox.length]).toEqual(['running', 1]);
    deliverAll(fleet);
    expect(fleet.record).toMatchObject({ state: 'stopped', attempt: 2 });
  });

  it('stops when a node of the first stages says nothing after it was sent the generation', () => {
    const fleet = new Fleet(accepting(10, 'mute'));
    fleet.deliver(fleet.nodes[0] as SimulatedNode);
    fleet.tick(SILENT_MS - 1);
    expect(fleet.record.state).toBe('running');
    fleet.tick(1);
    expect(fleet.record).toMatchObject({
      state: 'stopped',
      why: 'web000 did not answer after it was sent generation 1.',
    });
  });

  it('does not wait for nodes that cannot be heard, and brings it to them when they come back', () => {
    const fleet = new Fleet(accepting(3));
    for (const node of fleet.nodes) fleet.setHeard(node, false);
    fleet.apply(false);
    expect(fleet.record.chosen).toEqual([]);
    const [first, second, third] = fleet.nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    fleet.setHeard(second, true);
    fleet.setHeard(third, true);
    deliverAll(fleet);
    deliverAll(fleet);
    expect(fleet.record).toMatchObject({ state: 'running', stage: 'all', chosen: ['web001', 'web002'] });
    fleet.tick(SILENT_MS);
    expect(fleet.record.state).toBe('done');
    fleet.setHeard(first, true);
    fleet.deliver(first);
    expect(first.inForce).toBe(fleet.record.generation.number);
  });

  it('confirms a risky generation after an answer, and not once the rollout was stopped', () => {
    const fleet = new Fleet(['risky', 'risky']);
    const [first] = fleet.nodes as [SimulatedNode];
    expect(first.inbox.map(({ kind }) => kind)).toEqual(['send']);
    fleet.deliver(first);
    expect(first.inbox.map(({ kind }) => kind)).toEqual(['confirm']);
    first.inbox = [];
    fleet.stop();
    fleet.crash();
    expect(first.inbox).toEqual([]);
    fleet.tick(PENDING_MS);
    expect(first.inForce).toBe(0);
  });

  it('leaves nodes with a stopped generation as they are until the next one, and gives others the one before', () => {
    const fleet = new Fleet(accepting(3));
    fleet.settle();
    fleet.apply(false);
    const [first, second] = fleet.nodes as [SimulatedNode, SimulatedNode];
    fleet.deliver(first);
    fleet.stop();
    // It is installed again, before the message reached it.
    second.inbox = [];
    second.inForce = 0;
    second.answer = undefined;
    fleet.setHeard(second, false);
    fleet.nodes[2]?.inbox.splice(0);
    fleet.settle();
    expect(fleet.nodes.map(({ inForce }) => inForce)).toEqual([2, 1, 1]);
    fleet.apply(true);
    fleet.settle();
    expect(fleet.nodes.map(({ inForce }) => inForce)).toEqual([3, 3, 3]);
  });
});
