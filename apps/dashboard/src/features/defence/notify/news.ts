import { findingText } from '@packetlog/common';
import { isDecision } from '../../../node/messages/defence-messages.ts';
import type { NodeMessage } from '../../../node/state/figures.ts';
import { shownFindings } from '../../findings/index.ts';

/** Finds what is new in the messages of a node. What the first call sees is not new. */
export class News {
  #findings: ReadonlySet<string> | null = null;
  #decisions: ReadonlySet<unknown> | null = null;

  /** Returns new bans and new findings as text. */
  of(findings: readonly NodeMessage[], decisions: readonly NodeMessage[]): readonly string[] {
    return [...this.#newBans(decisions), ...this.#newFindings(findings)];
  }

  #newBans(decisions: readonly NodeMessage[]): readonly string[] {
    const known = this.#decisions;
    this.#decisions = new Set(decisions.map(({ message }) => message));
    if (known === null) return [];
    return decisions.flatMap(({ message }) =>
      !known.has(message) && isDecision(message) && message.kind === 'ban' ? [`Banned ${message.source}`] : [],
    );
  }

  #newFindings(messages: readonly NodeMessage[]): readonly string[] {
    // Before the first message it is not known what was found earlier.
    if (messages.length === 0) return [];
    const known = this.#findings;
    const { open, closed } = shownFindings(messages);
    // Ids begin again with each start of the loader.
    const found = new Map(
      [...open, ...closed].map(({ finding }) => [`${finding.id} ${finding.opened_at_ms}`, finding]),
    );
    this.#findings = new Set([...(known ?? []), ...found.keys()]);
    return known === null ? [] : [...found].flatMap(([key, finding]) => (known.has(key) ? [] : [findingText(finding)]));
  }
}
