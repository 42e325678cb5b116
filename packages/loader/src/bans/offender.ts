/** A source that a limit of connections has found over, as the kernel counted it. */
import type { Decision } from '@packetlog/common';

/** What the records of the last minute show of an offender. */
export interface Evidence extends Pick<Decision, 'attempts' | 'ports' | 'samples'> {
  /** Records stand for several packets, or some were lost. */
  readonly isSampled: boolean;
}

export interface Offender {
  /** Id of the limit rule. */
  readonly limitRule: number;
  /** An address, or the network of its bucket. */
  readonly source: string;
  /** When a connection was over, on the kernel's clock: the same until the bucket has been empty. */
  readonly overSinceNs: bigint;
  /** Connections that the kernel verified since the bucket was last empty. */
  readonly connections: number;
  /** How long ago the bucket was last empty. */
  readonly withinMs: number;
  readonly evidence: Evidence;
}
