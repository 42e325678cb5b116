/** What the operator chooses, in the words of the command line. */

export type TransportName = 'array' | 'ring' | 'perf';

export type RequestedTransport = 'auto' | TransportName;

/** What the operator asked for with --mode. */
export type RequestedMode = 'auto' | 'native' | 'generic';
