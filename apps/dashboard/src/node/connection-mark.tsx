import type { Connection } from './state/connection.ts';

/** Filled: live. Half: stale. Ring: connecting. Crossed: no connection. Barred: rejected, or no token. */
export function ConnectionMark({ state }: { state: Connection['state'] }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" className="shrink-0">
      {state === 'live' && <circle cx="5" cy="5" r="4" fill="currentColor" />}
      {state !== 'live' && <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />}
      {state === 'stale' && <path d="M5 1a4 4 0 0 1 0 8z" fill="currentColor" />}
      {state === 'lost' && <path d="m2.5 2.5 5 5m0-5-5 5" stroke="currentColor" strokeWidth="1.5" />}
      {(state === 'rejected' || state === 'no-token') && <path d="M2.5 5h5" stroke="currentColor" strokeWidth="1.5" />}
    </svg>
  );
}

/** The colour of ConnectionMark. */
export const STATE_COLOR: Record<Connection['state'], string> = {
  live: 'text-ok',
  connecting: 'text-muted',
  stale: 'text-warn',
  lost: 'text-warn',
  rejected: 'text-deny',
  'no-token': 'text-warn',
};
