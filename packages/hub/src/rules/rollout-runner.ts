/**
 * Runs the rollouts of all groups: stores each step before it sends, so that another hub, or this one after a restart,
 * goes on where it stopped. Whatever was sent may be sent again.
 */
import type { NodeLink, NodeLinks } from '../nodes/node-link.ts';
import { StateConflict } from '../state/hub-state.ts';
import type { Generations } from './generations.ts';
import { type FleetMembers, namesByGroup } from './group-members.ts';
import type { GroupRecords } from './group-records.ts';
import { type Lease, RENEW_MS } from './lease.ts';
import type { NodeMemory } from './node-memory.ts';
import { attemptOf, planNode } from './plan-node.ts';
import { type Member, planRollout } from './plan-rollout.ts';
import { isRollout, type RolloutRecord, type StoredGeneration } from './rollout-record.ts';

const TICK_MS = 1000;
/** Nodes that are being sent a generation at the same time. */
const MAX_SENDING = 100;
/** Bytes of the generations that are on their way; one may be larger. */
const MAX_SENDING_BYTES = 64 * 1024 * 1024;

export interface RunnerParts {
  readonly links: NodeLinks;
  readonly members: FleetMembers;
  readonly records: GroupRecords;
  readonly generations: Generations;
  readonly memory: NodeMemory;
  readonly lease: Lease;
  readonly log: { info(facts: object, message: string): void };
  readonly failed: (error: unknown, message: string) => void;
  /** Called when a group has nodes with another group's generation, and no rules of its own. */
  readonly needsRules: (group: string) => Promise<void>;
}

export class RolloutRunner {
  readonly #parts: RunnerParts;
  readonly #ends: (() => void)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #step: Promise<void> | undefined;
  #isStepWanted = false;
  #isClosed = false;
  #sending = 0;
  #sendingBytes = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { links, memory, records, lease } = this.#parts;
    for (const { name, rules } of links.all()) if (rules !== undefined) memory.told(name, rules);
    this.#ends.push(
      // A thousand nodes that report once a second are not a thousand reasons to decide.
      links.onRules(({ name }, rules) => {
        if (memory.told(name, rules)) this.wake();
      }),
      links.onJoined(({ name }) => {
        memory.connectionChanged(name);
        this.wake();
      }),
      links.onLeft((name) => {
        memory.connectionChanged(name);
        this.wake();
      }),
      records.onChange(() => this.wake()),
    );
    const renew = () =>
      lease.renew().then(
        () => this.wake(),
        (error: unknown) => this.#parts.failed(error, 'the lease of rollouts could not be renewed'),
      );
    void renew();
    this.#timers.push(setInterval(() => void renew(), RENEW_MS).unref());
    // For what only time decides: silence, and repeated attempts.
    this.#timers.push(setInterval(() => this.wake(), TICK_MS).unref());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const end of this.#ends) end();
    await this.#step;
    await this.#parts.lease.release();
  }

  /** Decides again, soon. */
  wake(): void {
    this.#isStepWanted = true;
    if (this.#isClosed) return;
    this.#step ??= this.#run().finally(() => {
      this.#step = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isStepWanted && !this.#isClosed && this.#parts.lease.isHeld) {
      this.#isStepWanted = false;
      // What happens at the same time is decided together.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await this.#decide();
      } catch (error) {
        this.#parts.failed(error, 'a rollout could not go on');
        return;
      }
    }
  }

  async #decide(): Promise<void> {
    const { members, records } = this.#parts;
    for (const [group, nodes] of namesByGroup(members)) {
      const rules = records.get(group)?.rules;
      if (!isRollout(rules)) await this.#decideWithoutRules(group, nodes);
      else await this.#decideGroup(group, nodes.sort());
    }
  }

  async #decideGroup(group: string, names: readonly string[]): Promise<void> {
    const { records } = this.#parts;
    const { rules: record, revision = 0 } = records.get(group) ?? {};
    if (!isRollout(record)) return;
    const members = names.map((name) => this.#member(group, record, name));
    const next = planRollout(record, group, members);
    if (next === record) return this.#bring(group, record, names);
    try {
      await records.put(group, next, revision);
    } catch (error) {
      // Another hub, or a person, was first.
      if (!(error instanceof StateConflict)) throw error;
      this.#isStepWanted = true;
      return;
    }
    this.#tell(group, record, next);
    this.#isStepWanted = true;
  }

  #tell(group: string, before: RolloutRecord, { generation: { number }, state, stage, why }: RolloutRecord): void {
    if (state === before.state && stage === before.stage) return;
    this.#parts.log.info({ group, generation: number, state, stage, ...(why !== undefined && { why }) }, 'rollout');
  }

  #member(group: string, record: RolloutRecord, name: string): Member {
    const { links, memory } = this.#parts;
    const isHeard = links.get(name) !== undefined;
    const what = attemptOf(group, record);
    return {
      name,
      isHeard,
      rules: memory.rules(name),
      hasAnswered: memory.hasAnswered(name, what),
      isSilent: memory.isSilent(name, what, isHeard),
    };
  }

  /** Sends to each node what it should have, and confirms what waits. */
  #bring(group: string, record: RolloutRecord, names: readonly string[]): void {
    for (const name of names) {
      const link = this.#parts.links.get(name);
      const rules = this.#parts.memory.rules(name);
      // Before its first report it is unknown what it has.
      if (link?.rules === undefined || rules === undefined || link.group !== group) continue;
      const step = planNode(record, group, name, rules, this.#parts.memory);
      if (step?.kind === 'confirm') this.#confirm(link, step.target.number);
      else if (step !== undefined) this.#send(link, step.target, step.what);
    }
  }

  #send(link: NodeLink, target: StoredGeneration, what: string): void {
    const { memory, generations, failed } = this.#parts;
    if (this.#sending >= MAX_SENDING || (this.#sending > 0 && this.#sendingBytes >= MAX_SENDING_BYTES)) return;
    const asked = memory.asks(link.name, what);
    this.#sending += 1;
    this.#sendingBytes += target.bytes;
    void generations
      .signed(target)
      .then((signed) => link.sendGeneration(signed))
      .then(
        (rules) => asked.ended(rules),
        (error: unknown) => {
          asked.ended(undefined);
          failed(error, `generation ${target.number} did not reach ${link.name}`);
        },
      )
      .finally(() => {
        this.#sending -= 1;
        this.#sendingBytes -= target.bytes;
        this.wake();
      });
  }

  /** Only what the node told on this connection leads here: it was heard with the rules in force. */
  #confirm(link: NodeLink, number: number): void {
    const { memory, failed } = this.#parts;
    const ended = memory.confirms(link.name);
    if (ended === undefined) return;
    void link
      .confirm({ group: link.group, number })
      .then(
        (rules) => memory.told(link.name, rules),
        (error: unknown) => failed(error, `generation ${number} could not be confirmed on ${link.name}`),
      )
      .finally(() => {
        ended();
        this.wake();
      });
  }

  /** A node that was moved to a group without rules still has those of its earlier group. */
  async #decideWithoutRules(group: string, names: readonly string[]): Promise<void> {
    const { links, memory, needsRules } = this.#parts;
    const isMoved = names.some((name) => {
      const has = links.get(name) === undefined ? undefined : memory.rules(name)?.generation;
      return has !== undefined && has.group !== group;
    });
    if (isMoved) await needsRules(group);
  }
}
