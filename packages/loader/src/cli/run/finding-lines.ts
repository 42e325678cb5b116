/** Logs when a finding opens and when it closes. */
import { type Finding, type Findings, findingText } from '@packetlog/common';

export interface FindingLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

export class FindingLines {
  readonly #log: FindingLog;
  /** The newest finding that was logged, and the open ones. */
  #newest = 0;
  #open: ReadonlySet<number> = new Set();

  constructor(log: FindingLog) {
    this.#log = log;
  }

  update({ open, closed }: Pick<Findings, 'open' | 'closed'>): void {
    const newest = this.#newest;
    const isNew = ({ id }: Finding) => id > newest;
    const ended = closed.filter((finding) => isNew(finding) || this.#open.has(finding.id)).reverse();
    for (const finding of [...ended, ...open].filter(isNew)) {
      this.#newest = Math.max(this.#newest, finding.id);
      this.#log.warn({ code: 'finding_opened', ...factsOf(finding) }, `Finding ${finding.id}: ${findingText(finding)}`);
    }
    for (const finding of ended) {
      this.#log.info(
        { code: 'finding_closed', ...factsOf(finding) },
        `Finding ${finding.id} is over: ${findingText(finding)}`,
      );
    }
    this.#open = new Set(open.map(({ id }) => id));
  }
}

function factsOf({ id, kind, source, destination, port, filter }: Finding): object {
  return { finding: id, kind, source, destination, port, filter };
}
