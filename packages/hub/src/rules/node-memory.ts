/** What this hub knows of the nodes: what they told, and what it asked them. It is lost with the process, and told again. */
import type { NodeRules } from '@packetlog/common/fleet';

/** Time after which nothing waits for a node any more. Longer than a node may take to answer. */
export const SILENT_MS = 180_000;
/** Pause before a node is asked again that could not be reached. */
const RETRY_MS = 10_000;
/** The same for a node whose answer left open whether it has the generation. */
const REPEAT_MS = 60_000;

interface Asked {
  /** Names the generation and the attempt. */
  readonly what: string;
  readonly sinceMs: number;
  state: 'sending' | 'answered' | 'failed';
  endedAtMs: number;
}

interface Known {
  rules: NodeRules | undefined;
  asked: Asked | undefined;
  isConfirming: boolean;
  /** When its connection began or ended; the start of the hub. */
  changedAtMs: number;
}

export class NodeMemory {
  readonly #nodes = new Map<string, Known>();
  readonly #now: () => number;
  readonly #startedAtMs: number;

  /** `now`: milliseconds that never go back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** What the node told last, on this connection or an earlier one. */
  rules(name: string): NodeRules | undefined {
    return this.#nodes.get(name)?.rules;
  }

  /** Returns whether this is new. */
  told(name: string, rules: NodeRules): boolean {
    const node = this.#node(name);
    const isNew = JSON.stringify(node.rules) !== JSON.stringify(rules);
    node.rules = rules;
    return isNew;
  }

  connectionChanged(name: string): void {
    this.#node(name).changedAtMs = this.#now();
  }

  forget(name: string): void {
    this.#nodes.delete(name);
  }

  hasAnswered(name: string, what: string): boolean {
    const asked = this.#nodes.get(name)?.asked;
    return asked?.what === what && asked.state === 'answered';
  }

  /** Returns whether nothing has come of it for SILENT_MS: of the question, otherwise of the connection. */
  isSilent(name: string, what: string, isHeard: boolean): boolean {
    const { asked, changedAtMs = this.#startedAtMs, rules } = this.#nodes.get(name) ?? {};
    if (asked?.what === what) return this.#now() - asked.sinceMs >= SILENT_MS;
    return (!isHeard || rules === undefined) && this.#now() - changedAtMs >= SILENT_MS;
  }

  /** Returns whether to send it now. */
  mayAsk(name: string, what: string): boolean {
    const asked = this.#nodes.get(name)?.asked;
    if (asked?.state === 'sending') return false;
    if (asked?.what !== what) return true;
    return this.#now() - asked.endedAtMs >= (asked.state === 'failed' ? RETRY_MS : REPEAT_MS);
  }

  asks(name: string, what: string): { ended(rules: NodeRules | undefined): void } {
    const node = this.#node(name);
    const sinceMs = node.asked?.what === what ? node.asked.sinceMs : this.#now();
    const asked: Asked = { what, sinceMs, state: 'sending', endedAtMs: 0 };
    node.asked = asked;
    return {
      ended: (rules) => {
        asked.state = rules === undefined ? 'failed' : 'answered';
        asked.endedAtMs = this.#now();
        if (rules !== undefined) node.rules = rules;
      },
    };
  }

  /** Returns undefined while the node is being confirmed. */
  confirms(name: string): (() => void) | undefined {
    const node = this.#node(name);
    if (node.isConfirming) return undefined;
    node.isConfirming = true;
    return () => {
      node.isConfirming = false;
    };
  }

  #node(name: string): Known {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const node: Known = { rules: undefined, asked: undefined, isConfirming: false, changedAtMs: this.#startedAtMs };
    this.#nodes.set(name, node);
    return node;
  }
}
