/** Rules of groups of nodes, and dry runs on them: what the rest of the hub uses. */
import { type KeyObject, randomUUID } from 'node:crypto';
import { type Group, generationSchema, type Rollout, type FleetRules as Rules } from '@packetlog/common/fleet';
import type { NodeLinks } from '../nodes/node-link.ts';
import { type FleetHandlers, FleetRejection } from '../requests/handlers.ts';
import { type HubState, StateConflict } from '../state/hub-state.ts';
import { dryRun } from './dry-run.ts';
import { Generations, hashOf } from './generations.ts';
import { type FleetMembers, namesByGroup } from './group-members.ts';
import { GroupRecords } from './group-records.ts';
import { Lease } from './lease.ts';
import { NodeMemory } from './node-memory.ts';
import { targetOf } from './node-outcome.ts';
import { personOf } from './person-name.ts';
import { groupOf, rolloutOf } from './rollout-counts.ts';
import { type GroupRules, isRollout, newestNumber, nextRollout, type RolloutRecord } from './rollout-record.ts';
import { RolloutRunner } from './rollout-runner.ts';
import { blobsOf, notHeard, requireExpected, requireLists, resumeOf, stopOf } from './rules-requests.ts';

const NO_RULES: Rules = { rules: [], lists: {} };

export interface FleetRulesParts {
  readonly state: HubState;
  readonly links: NodeLinks;
  readonly members: FleetMembers;
  /** The hub's key: it signs generations. */
  readonly privateKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: { info(facts: object, message: string): void };
  readonly failed: (error: unknown, message: string) => void;
}

interface NewGeneration {
  readonly group: string;
  readonly expected: number;
  readonly rules: Rules;
  readonly note: string;
  readonly force?: boolean | undefined;
  readonly at_once?: boolean | undefined;
}

export class FleetRules {
  readonly #parts: FleetRulesParts;
  readonly #records: GroupRecords;
  readonly #generations: Generations;
  readonly #memory = new NodeMemory(() => performance.now());
  readonly #runner: RolloutRunner;

  private constructor(parts: FleetRulesParts, records: GroupRecords) {
    const { state, links, members, privateKey, log, failed } = parts;
    this.#parts = parts;
    this.#records = records;
    this.#generations = new Generations(state, privateKey);
    this.#runner = new RolloutRunner({
      links,
      members,
      records,
      generations: this.#generations,
      memory: this.#memory,
      lease: new Lease(state, randomUUID()),
      log,
      failed,
      needsRules: (group) => this.#addEmpty(group),
    });
  }

  /** Reads the state. Rollouts go on after `start`. Throws StateError. */
  static async open(parts: FleetRulesParts): Promise<FleetRules> {
    return new FleetRules(parts, await GroupRecords.open(parts.state));
  }

  start(): void {
    this.#runner.start();
  }

  /** Another hub goes on with the rollouts. */
  async close(): Promise<void> {
    await this.#runner.close();
    this.end();
  }

  /** Ends what was not started. */
  end(): void {
    this.#records.close();
  }

  /** Call it for nodes that have left the fleet or have another name. */
  forget(node: string): void {
    this.#memory.forget(node);
  }

  /** Number of the generation that this node should have. */
  wanted(node: string, group: string): number | undefined {
    const rules = this.#records.get(group)?.rules;
    return isRollout(rules) ? targetOf(rules, group, node, this.#memory.rules(node))?.number : undefined;
  }

  /** All groups by name. */
  groups(): Group[] {
    const nodes = namesByGroup(this.#parts.members);
    const names = new Set([...this.#records.names(), ...nodes.keys()]);
    for (const [group, { rules }] of this.#records.all()) if (isRollout(rules)) names.add(group);
    return [...names].sort().map((name) => groupOf(name, this.#records.get(name)?.rules, this.#told(nodes.get(name))));
  }

  /** Calls back when a group, its rules or its rollout has changed. */
  onGroups(callback: () => void): () => void {
    return this.#records.onChange(callback);
  }

  handlers(): FleetHandlers {
    return {
      groups: () => ({ groups: this.groups() }),
      group_add: async ({ group }) => {
        if (this.#exists(group)) throw new FleetRejection('conflict', `There is a group ${group} already.`);
        await this.#records.addGroup(group, this.#parts.now());
        return { group };
      },
      group_remove: async ({ group }) => {
        await this.#remove(group);
        return { group };
      },
      rules: ({ group }) => this.#show(group),
      rules_apply: async (request, { person }) => {
        this.#requireGroup(request.group);
        requireLists(request.rules);
        const record = await this.#apply(request, personOf(person));
        const { number, hash } = record.generation;
        return { number, hash, rollout: this.#rollout(request.group, record) };
      },
      rollout: ({ group, action }, { person }) => this.#control(group, action, person),
      repair: async ({ node }) => {
        const link = this.#parts.links.get(node);
        if (link === undefined) throw notHeard(node);
        try {
          this.#memory.told(node, await link.repair());
        } catch (error) {
          throw new FleetRejection('unavailable', `${(error as Error).message} Try again when it is heard.`);
        }
        this.#runner.wake();
        return { node };
      },
      dry_run: ({ group, request }) => {
        if (group !== undefined) this.#requireGroup(group);
        const asked = [...this.#parts.members.all()].filter((node) => group === undefined || node.group === group);
        return dryRun(
          asked.map(({ name }) => name),
          request,
          this.#parts.links,
        );
      },
    };
  }

  async #show(group: string) {
    this.#requireGroup(group);
    const rules = this.#records.get(group)?.rules;
    if (!isRollout(rules)) return { number: newestNumber(rules), rules: NO_RULES };
    const { number, hash } = rules.generation;
    return { number, hash, rules: await this.#generations.rules(rules.generation) };
  }

  async #apply({ group, expected, rules, note, force, at_once }: NewGeneration, by: string): Promise<RolloutRecord> {
    const stored = this.#records.get(group);
    requireExpected(group, stored?.rules, expected);
    const at_ms = this.#parts.now();
    const hash = hashOf(rules);
    const checked = generationSchema.parse({ group, number: expected + 1, hash, by, at_ms, note, force, rules });
    const { force: _, ...rest } = checked;
    const generation = await this.#store(force === true ? checked : rest);
    const newest = {
      ...generation,
      by,
      at_ms,
      note,
      rules: rules.rules.length,
      lists: Object.keys(rules.lists).length,
    };
    const next = nextRollout(stored?.rules, newest, at_once === true);
    try {
      await this.#records.put(group, next, stored?.revision ?? 0);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      await this.#parts.state.removeBlob(generation.blob);
      // The rollout went one step further, or a person was first.
      requireExpected(group, this.#records.get(group)?.rules, expected);
      return this.#apply({ group, expected, rules, note, force, at_once }, by);
    }
    await this.#removeUnused(stored?.rules, next);
    return next;
  }

  async #store(generation: Parameters<Generations['store']>[0]) {
    try {
      return await this.#generations.store(generation);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FleetRejection('invalid', `${error.message} Shorten the lists.`, { field: 'rules.lists' });
    }
  }

  /** Removes blobs that no record names any more. */
  async #removeUnused(before: GroupRules | undefined, after: GroupRules): Promise<void> {
    const kept = blobsOf(after);
    for (const blob of blobsOf(before)) if (!kept.has(blob)) await this.#parts.state.removeBlob(blob);
    this.#generations.keepOnly(new Set([...this.#records.all()].flatMap(([, { rules }]) => [...blobsOf(rules)])));
  }

  async #control(group: string, action: 'stop' | 'resume', person: string): Promise<{ rollout: Rollout }> {
    this.#requireGroup(group);
    for (;;) {
      const { rules: record, revision = 0 } = this.#records.get(group) ?? {};
      if (!isRollout(record)) {
        throw new FleetRejection('not_found', `Group ${group} has no rules. Apply some: packetlog hub rules apply.`);
      }
      const next = action === 'stop' ? stopOf(group, record, person) : resumeOf(group, record);
      try {
        await this.#records.put(group, next, revision);
        return { rollout: this.#rollout(group, next) };
      } catch (error) {
        // The rollout went one step further.
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  async #remove(group: string): Promise<void> {
    this.#requireGroup(group);
    const nodes = namesByGroup(this.#parts.members).get(group)?.length ?? 0;
    if (nodes > 0) {
      const what = nodes === 1 ? '1 node' : `${nodes} nodes`;
      throw new FleetRejection('conflict', `Group ${group} has ${what}. Move them to another group first.`);
    }
    const { rules, revision = 0 } = this.#records.get(group) ?? {};
    if (isRollout(rules)) {
      const removed = { last_number: newestNumber(rules) };
      await this.#records.put(group, removed, revision);
      await this.#removeUnused(rules, removed);
    }
    await this.#records.removeGroup(group);
  }

  async #addEmpty(group: string): Promise<void> {
    const expected = newestNumber(this.#records.get(group)?.rules);
    const note = 'No rules: for nodes that came from another group.';
    await this.#apply({ group, expected, rules: NO_RULES, note, at_once: true }, 'hub');
  }

  #rollout(group: string, record: RolloutRecord): Rollout {
    return rolloutOf(record, group, this.#told(namesByGroup(this.#parts.members).get(group)));
  }

  #told(names: readonly string[] = []) {
    return names.map((name) => this.#memory.rules(name));
  }

  #exists(group: string): boolean {
    return (
      this.#records.names().has(group) ||
      isRollout(this.#records.get(group)?.rules) ||
      [...this.#parts.members.all()].some((node) => node.group === group)
    );
  }

  #requireGroup(group: string): void {
    if (this.#exists(group)) return;
    throw new FleetRejection('not_found', `There is no group ${group}. Add it: packetlog hub group add ${group}.`);
  }
}
