/** The operator's choices, in the terms of the command line. */

export type TransportName = 'array' | 'ring' | 'perf';

export type RequestedTransport = 'auto' | TransportName;

/** Value of --mode. */
export type RequestedMode = 'auto' | 'native' | 'generic';
