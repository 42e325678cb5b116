import { describeErrno } from './errno.ts';
import { EXIT, type ExitReason } from './exit-codes.ts';

export interface SetupFacts {
  /** The step that failed, as a verb: "attach", "load program". */
  step: string;
  /** What the step acts on: an interface, a file, an option. */
  target: string;
  /** Description of the problem; default: the errno's or the cause's text. */
  problem?: string;
  errno?: number;
  /** What the reader can do about it; a sentence. */
  next?: string;
  exit: ExitReason;
  cause?: unknown;
  /** Details for the log, such as the verifier's last lines. */
  detail?: string;
}

/** A problem and its remedy, in the words that `packetlog run` and `packetlog doctor` share. */
export interface Problem {
  /** A clause without a period. */
  problem: string;
  /** Whole sentences. */
  next: string;
}

/** Setup failed. The message reads `step target: problem. Next action.` */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly facts: Readonly<SetupFacts>;

  constructor(facts: SetupFacts) {
    super(sentence(facts), { cause: facts.cause });
    this.facts = facts;
  }

  /** The message without the next action: `step target: problem.` */
  get finding(): string {
    return finding(this.facts);
  }

  get exitCode(): number {
    return EXIT[this.facts.exit];
  }
}

function sentence(facts: SetupFacts): string {
  return `${finding(facts)}${facts.next ? ` ${facts.next}` : ''}`;
}

function finding(facts: SetupFacts): string {
  const problem =
    facts.problem ??
    (facts.errno === undefined ? undefined : describeErrno(facts.errno)) ??
    (facts.cause instanceof Error ? facts.cause.message : 'failed');
  return `${facts.step} ${facts.target}: ${problem}.`;
}

/** Returns Node.js's description of a system call that failed on a path. */
export interface SystemError {
  code: string;
  syscall: string;
  path: string;
}

export function systemErrorOf(error: unknown): SystemError | undefined {
  const { code, syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return code !== undefined && syscall !== undefined && path !== undefined ? { code, syscall, path } : undefined;
}

/** An error in a form that can be sent to another thread. */
export interface PlainError {
  /** Present for a SetupError; without its cause. */
  facts: SetupFacts | undefined;
  message: string;
  stack: string | undefined;
  /** Present if a system call failed. */
  system?: SystemError | undefined;
}

export function toPlain(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SetupError)) {
    const stack = error instanceof Error ? error.stack : undefined;
    return { facts: undefined, message, stack, system: systemErrorOf(error) };
  }
  const { cause, ...facts } = error.facts;
  const problem = facts.problem ?? (facts.errno === undefined && cause instanceof Error ? cause.message : undefined);
  return { facts: problem === undefined ? facts : { ...facts, problem }, message, stack: undefined };
}

export function fromPlain({ facts, message, stack, system }: PlainError): Error {
  if (facts) return new SetupError(facts);
  const error = Object.assign(new Error(message), system);
  if (stack !== undefined) error.stack = stack;
  return error;
}
