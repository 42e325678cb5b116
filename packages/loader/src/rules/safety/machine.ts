/** Proposes permit rules for this machine from its current state. */
import type { PermitProposals } from '@packetlog/common';
import type { CompileTarget } from '../../ipc/messages.ts';
import type { RulesetImage } from './lockout-guard.ts';
import { type FactSources, gatherFacts, type MachineFacts } from './machine-facts.ts';
import { permitsNow } from './permits-now.ts';
import { proposePermits } from './propose-permits.ts';
import type { Protected } from './protected-sources.ts';

/** Time in ms for which facts, and answers about the same rules, are reused: any client may ask, and tables are long. */
const FRESH_MS = 5000;

export interface RulesNow {
  /** The rules in force. */
  readonly top: RulesetImage;
  readonly interfaces: CompileTarget['interfaces'];
  readonly protectedNow: readonly Protected[];
}

export class Machine {
  readonly #sources: () => FactSources;
  #found: Promise<MachineFacts> | undefined;
  #foundAt = Number.NEGATIVE_INFINITY;
  /** The last answer, and what it is about. */
  #last: { readonly about: readonly unknown[]; readonly answer: PermitProposals } | undefined;

  constructor(sources: () => FactSources) {
    this.#sources = sources;
  }

  async proposePermits({ top, interfaces, protectedNow }: RulesNow): Promise<PermitProposals> {
    const facts = await this.#facts();
    const about = [facts, top.image, JSON.stringify([protectedNow, interfaces])];
    const last = this.#last;
    if (last !== undefined && about.every((each, i) => each === last.about[i])) return last.answer;
    const nowMs = Date.now();
    const answer = proposePermits({
      facts,
      protectedNow,
      ruleset: top.ruleset,
      interfaces: interfaces.map(({ name }) => name),
      permitsNow: permitsNow(
        top.image,
        interfaces.map(({ slot }) => slot),
        nowMs,
      ),
      nowMs,
    });
    this.#last = { about, answer };
    return answer;
  }

  #facts(): Promise<MachineFacts> {
    if (this.#found === undefined || performance.now() - this.#foundAt > FRESH_MS) {
      this.#foundAt = performance.now();
      this.#found = gatherFacts(this.#sources());
    }
    return this.#found;
  }
}
