/** The core's side of the fleet: identity, grants, rules and blocks of recorded packets. */
import type { Notice } from '@packetlog/common';
import { type Generation, generationSchema, type Signed, signedGenerationSchema } from '@packetlog/common/fleet';
import { readStatement } from '@packetlog/hub/signing';
import { SetupError } from '../errors/setup-error.ts';
import type {
  FleetAccess,
  FleetAnswer,
  FleetRejection,
  FleetState,
  FleetValues,
  FleetVerbOfNode,
  GrantedPerson,
  HubExchange,
  HubStatus,
  QuestionOf,
} from '../ipc/fleet/fleet-access.ts';
import { readGrant } from '../ipc/fleet/read-grant.ts';
import { makeFleetDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import type { Generations, Shipments } from './fleet-parts.ts';
import { GenerationParts } from './generation-parts.ts';
import { type JoinedHub, JoinedHubs } from './joined-hubs.ts';
import { nodeKey } from './node-key.ts';
import { type NodeIdentity, NodeProofs } from './node-proofs.ts';

/** How often the same problem is reported. */
const AGAIN_MS = 60 * 60 * 1000;

export interface NodeFleetOptions extends NodeIdentity {
  readonly paths: StatePaths;
  readonly generations: Generations;
  /** Undefined: nothing is recorded. */
  readonly shipments: () => Shipments | undefined;
  /** Sends the state to the server process. */
  readonly changed: (state: FleetState) => void;
  readonly report: (level: Notice['level'], message: string) => void;
  readonly failed: (error: unknown) => void;
  /** A hub is reached after it was not. */
  readonly reached: (url: string) => void;
  /** A hub is not reached; called again when the problem is another one, or after an hour. */
  readonly unreached: (url: string, problem: string) => void;
  /** Replaced in tests. */
  readonly now?: () => number;
}

export class NodeFleet implements FleetAccess {
  readonly #options: NodeFleetOptions;
  readonly #hubs: JoinedHubs;
  readonly #proofs: NodeProofs;
  /** By the hub's index. */
  readonly #parts = new Map<number, GenerationParts>();
  readonly #exchanges = new Map<number, HubExchange>();
  /** What was reported of a hub last. */
  readonly #reported = new Map<string, { readonly problem: string | null; readonly atMs: number }>();

  /** Reads the node's key, or makes it. Throws SetupError. */
  constructor(options: NodeFleetOptions) {
    this.#options = options;
    const { fleet } = options.paths;
    try {
      makeFleetDirectory(options.paths);
    } catch (cause) {
      throw new SetupError({
        step: 'create',
        target: fleet,
        next: 'The node’s key is kept there: name a state directory that can be written with PACKETLOG_STATE_DIR.',
        exit: 'failed',
        cause,
      });
    }
    this.#hubs = new JoinedHubs(fleet);
    this.#proofs = new NodeProofs(options, nodeKey(fleet), this.#hubs);
  }

  async ask<Verb extends FleetVerbOfNode>(question: QuestionOf<Verb>): Promise<FleetAnswer<FleetValues[Verb]>> {
    try {
      return (await this.#answer(question)) as FleetAnswer<FleetValues[Verb]>;
    } catch (error) {
      this.#options.failed(error);
      return failed('internal', 'The loader failed to handle this; see its log.');
    }
  }

  granted(token: string): GrantedPerson | undefined {
    return readGrant(token, this.#joined(), this.#options.now?.() ?? Date.now());
  }

  state(): FleetState {
    const { generations, shipments } = this.#options;
    const known = this.#joined().map(({ key, node }) => ({ key, node }));
    return { known, rules: generations.rules(), ship: shipments()?.ledger() };
  }

  exchanged(hubs: readonly HubExchange[]): void {
    for (const [hub, before] of this.#exchanges) this.#exchanges.set(hub, { ...before, address: null });
    for (const each of hubs) {
      const url = this.#options.urls[each.hub];
      if (url === undefined) continue;
      this.#exchanges.set(each.hub, each);
      this.#report(url, each);
    }
  }

  #report(url: string, { problem, address }: HubExchange): void {
    const { reached, unreached, now = Date.now } = this.#options;
    const before = this.#reported.get(url);
    if (problem !== null) {
      if (before?.problem === problem && now() - before.atMs < AGAIN_MS) return;
      unreached(url, problem);
    } else if (address === null || before?.problem === null) return;
    else reached(url);
    this.#reported.set(url, { problem, atMs: now() });
  }

  /** Call it when the rules on the disk are in force. */
  begin(): void {
    this.#options.generations.begin();
  }

  /** Call it when the rules have changed. */
  rulesChanged(): void {
    this.#options.generations.rulesChanged();
  }

  /** Groups that the hubs have put this node in. */
  groups(): readonly string[] {
    return [...new Set(this.#joined().map(({ group }) => group))];
  }

  /** Call it when rules or shipments have changed. */
  changed(): void {
    this.#options.changed(this.state());
  }

  /** Addresses of hubs that are reached now. */
  addresses(): readonly string[] {
    return [...this.#exchanges.values()].flatMap(({ address }) => (address === null ? [] : [address]));
  }

  status(): HubStatus[] {
    return this.#options.urls.map((url, i) => {
      const { heard_at_ms = null, problem = null } = this.#exchanges.get(i) ?? {};
      return { url, heard_at_ms, problem };
    });
  }

  /** Returns the signed generation if one of the hubs that the node joined has signed it. */
  verified(signed: Signed): Generation | undefined {
    for (const { key } of this.#joined()) {
      const generation = readStatement('generation', signed, key, generationSchema);
      if (generation !== undefined) return generation;
    }
    return undefined;
  }

  /** Returns the node's name at a hub. */
  #nameAt(hub: number): string {
    const url = this.#options.urls[hub];
    return this.#joined().find((each) => each.url === url)?.node ?? this.#options.name;
  }

  #urlOf(hub: number): string {
    return this.#options.urls[hub] ?? '';
  }

  #joined(): readonly JoinedHub[] {
    return this.#hubs.at(this.#options.urls);
  }

  async #answer(question: QuestionOf<FleetVerbOfNode>): Promise<FleetAnswer<FleetValues[FleetVerbOfNode]>> {
    const { generations, shipments } = this.#options;
    switch (question.verb) {
      case 'prove':
        return this.#proofs.prove(question.hub, question.challenge);
      case 'welcome': {
        const answer = this.#proofs.welcome(question);
        if (answer.ok) this.changed();
        return answer;
      }
      case 'generation':
        return this.#receive(question);
      case 'confirm':
        return { ok: true, value: await generations.confirm({ group: question.group, number: question.number }) };
      case 'repair':
        return { ok: true, value: await generations.repair() };
      case 'block':
        return {
          ok: true,
          value: await shipments()?.next(question.want, this.#nameAt(question.hub), this.#urlOf(question.hub)),
        };
      case 'shipped':
        await shipments()?.shipped(question, this.#urlOf(question.hub));
        this.changed();
        return { ok: true, value: undefined };
    }
  }

  async #receive(question: QuestionOf<'generation'>): Promise<FleetAnswer<FleetValues['generation']>> {
    const parts = this.#parts.get(question.hub) ?? new GenerationParts();
    this.#parts.set(question.hub, parts);
    const signed = parts.add(question);
    if (signed === undefined) return { ok: true, value: undefined };
    if (signed === 'invalid' || !signedGenerationSchema.safeParse(signed).success) {
      return failed('invalid', 'A part of the generation is missing or invalid. The hub sends it again.');
    }
    const generation = this.verified(signed);
    if (generation === undefined) {
      this.#options.report('warning', 'A generation is rejected: no hub that this node joined has signed it.');
      return failed('wrong_signature', 'The generation is not signed by a hub that this node joined.');
    }
    return { ok: true, value: await this.#options.generations.receive(generation, signed) };
  }
}

function failed(code: FleetRejection['code'], message: string): { ok: false; error: FleetRejection } {
  return { ok: false, error: { code, message } };
}
