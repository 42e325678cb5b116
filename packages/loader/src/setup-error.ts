import { EXIT, type ExitReason } from './exit-codes.ts';
import { describeErrno } from './native/errno.ts';

export interface SetupFacts {
  /** What was tried, as a verb: "attach", "load program". */
  step: string;
  /** On what: an interface, a file, an option. */
  target: string;
  /** In words; default: the errno's or the cause's text. */
  problem?: string;
  errno?: number;
  /** What the reader can do about it; a sentence. */
  next?: string;
  exit: ExitReason;
  cause?: unknown;
  /** More for the log: the verifier's last lines, libbpf's messages. */
  detail?: string;
}

/** Start-up failed. The message reads `step target: problem. Next action.` */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly step: string;
  readonly target: string;
  readonly errno: number | undefined;
  readonly exit: ExitReason;
  readonly detail: string | undefined;

  constructor(facts: SetupFacts) {
    super(sentence(facts), { cause: facts.cause });
    this.step = facts.step;
    this.target = facts.target;
    this.errno = facts.errno;
    this.exit = facts.exit;
    this.detail = facts.detail;
  }

  get exitCode(): number {
    return EXIT[this.exit];
  }
}

function sentence(facts: SetupFacts): string {
  const problem =
    facts.problem ??
    (facts.errno === undefined ? undefined : describeErrno(facts.errno)) ??
    (facts.cause instanceof Error ? facts.cause.message : 'failed');
  return `${facts.step} ${facts.target}: ${problem}.${facts.next ? ` ${facts.next}` : ''}`;
}
