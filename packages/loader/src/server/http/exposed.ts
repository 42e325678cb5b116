import type { Problem } from '../../errors/setup-error.ts';

/** What the operator is told when the server listens on an address that other machines can reach. */
export const EXPOSED: Problem = {
  problem: 'other machines can reach this address over plain HTTP',
  next: 'Use --tls-cert and --tls-key, or a TLS proxy.',
};
