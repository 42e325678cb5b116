import type { Problem } from '../../errors/setup-error.ts';

/** What the operator is told if an option names an address that other machines can reach. */
export const EXPOSED: Readonly<Record<'listen' | 'metrics', Problem>> = {
  listen: {
    problem: 'other machines can reach this address over plain HTTP',
    next: 'Use --tls-cert and --tls-key, or a TLS proxy.',
  },
  metrics: {
    problem: 'other machines can reach the metrics over plain HTTP',
    next: 'Each scrape sends the token in clear text: use --tls-cert and --tls-key, or a TLS proxy.',
  },
};
