/** What a connection to one hub asks the core. */
import type { Challenge, NodeRules, Prove, Signed } from '@packetlog/common/fleet';
import {
  type Block,
  type FleetAnswer,
  type FleetQuestion,
  type FleetValues,
  GENERATION_PART_CHARACTERS,
  type QuestionOf,
} from '../ipc/fleet/fleet-access.ts';

/** Asks the core. Resolves with undefined if the core has no fleet. */
export type AskCore = (question: FleetQuestion) => Promise<unknown>;

const NO_FLEET: FleetAnswer<never> = {
  ok: false,
  error: { code: 'internal', message: 'The loader failed to handle this; see its log.' },
};

export class FleetQuestions {
  readonly #hub: number;
  readonly #ask: AskCore;

  constructor(hub: number, ask: AskCore) {
    this.#hub = hub;
    this.#ask = ask;
  }

  prove(challenge: Challenge): Promise<FleetAnswer<Prove>> {
    return this.#answer<'prove'>({ verb: 'prove', hub: this.#hub, challenge });
  }

  welcome(
    welcome: Pick<QuestionOf<'welcome'>, 'node' | 'group' | 'signature'>,
  ): Promise<FleetAnswer<{ node: string }>> {
    return this.#answer<'welcome'>({ verb: 'welcome', hub: this.#hub, ...welcome });
  }

  /** Sends the generation in parts; resolves when it is decided. */
  async generation({ payload, signature }: Signed): Promise<FleetAnswer<NodeRules | undefined>> {
    const parts = Math.max(1, Math.ceil(payload.length / GENERATION_PART_CHARACTERS));
    let answer: FleetAnswer<NodeRules | undefined> = NO_FLEET;
    for (let part = 0; part < parts; part++) {
      const start = part * GENERATION_PART_CHARACTERS;
      const piece = payload.slice(start, start + GENERATION_PART_CHARACTERS);
      answer = await this.#answer<'generation'>({
        ...{ verb: 'generation', hub: this.#hub, part, parts, payload: piece, signature },
      });
      if (!answer.ok) break;
    }
    return answer;
  }

  confirm(which: Pick<QuestionOf<'confirm'>, 'group' | 'number'>): Promise<FleetAnswer<NodeRules>> {
    return this.#answer<'confirm'>({ verb: 'confirm', hub: this.#hub, ...which });
  }

  repair(): Promise<FleetAnswer<NodeRules>> {
    return this.#answer<'repair'>({ verb: 'repair', hub: this.#hub });
  }

  /** Resolves with the next block of recorded packets; undefined: there is none now. */
  block(want: QuestionOf<'block'>['want']): Promise<FleetAnswer<Block | undefined>> {
    return this.#answer<'block'>({ verb: 'block', hub: this.#hub, want });
  }

  shipped(answer: Omit<QuestionOf<'shipped'>, 'verb' | 'hub'>): Promise<FleetAnswer<undefined>> {
    return this.#answer<'shipped'>({ verb: 'shipped', hub: this.#hub, ...answer });
  }

  async #answer<Verb extends FleetQuestion['verb']>(
    question: QuestionOf<Verb>,
  ): Promise<FleetAnswer<FleetValues[Verb]>> {
    return ((await this.#ask(question)) as FleetAnswer<FleetValues[Verb]> | undefined) ?? NO_FLEET;
  }
}
