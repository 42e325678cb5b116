'use client';

import { ageText } from '../text/clock.ts';
import { useSnapshot } from './live-context.tsx';
import { dataAt } from './state/connection.ts';

/** Returns the age of the shown data, '12 s old'; null while it is live. */
export function useAge(): string | null {
  return useSnapshot(({ connection, figures, now }) => {
    if (connection.state === 'live') return null;
    const at = dataAt(connection) ?? figures.summaryAt;
    return at === null ? null : `${ageText(Math.floor((now - at) / 1000) * 1000).replace('.0', '')} old`;
  });
}
