import { StateError } from './hub-state.ts';

/** Errors of the NATS client by name or message, and what to do. */
const PROBLEMS: readonly (readonly [pattern: RegExp, problem: string, next: string])[] = [
  [
    /JetStreamNotEnabled|jetstream (?:is )?not enabled|NoResponders|503/i,
    'JetStream does not answer',
    'Start nats-server with --jetstream, or wait until its cluster has a leader.',
  ],
  [
    /authorization|authentication|permission/i,
    'the server rejects the login',
    'Check the user and password in --state, and the permissions of that user.',
  ],
  [
    /refused|ENOTFOUND|EHOSTUNREACH|ECONN|getaddrinfo/i,
    'no NATS server can be reached',
    'Start it, or check the address in --state.',
  ],
  [/certificate|tls|ssl/i, 'the encrypted connection fails', 'Check ca, cert and key in --state.'],
  [
    /timeout|closed|disconnect/i,
    'NATS does not answer',
    'The hub connects again as soon as NATS can be reached; repeat the request then.',
  ],
  [/replicas/i, 'the server cannot keep this number of copies', 'Use a cluster of NATS servers, or replicas=1.'],
  [
    /insufficient|no space|resources|exceeded/i,
    'the server has no room',
    'Give JetStream of nats-server more storage: max_file_store.',
  ],
];

/** Returns `error` as a StateError, with what to do. */
export function natsProblem(step: string, target: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const text = describe(error);
  const [, problem, next] = PROBLEMS.find(([pattern]) => pattern.test(text)) ?? [];
  if (problem === undefined || next === undefined) {
    return new StateError(step, target, text, 'See the log of nats-server.', error);
  }
  return new StateError(step, target, problem, next, error);
}

/** With the causes: the client wraps what the system said. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${describe(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}
