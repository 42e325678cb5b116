'use client';

import { useSyncExternalStore } from 'react';
import { ConnectionMark } from '../../node/connection-mark.tsx';
import { pageAge } from '../../node/page-age.ts';

/** After an upgrade of the loader: what is missing, and the way to it. What is shown goes on until somebody reloads. */
export function OldPage() {
  const isOld = useSyncExternalStore(pageAge.subscribe, pageAge.isOld, () => false);
  if (!isOld) return null;
  return (
    <section className="banner appear" aria-label="Age of this page" data-testid="old-page">
      <span className="text-warn">
        <ConnectionMark state="stale" />
      </span>
      <p className="min-w-0" role="status">
        This page is older than the loader, which does not have all of its parts any more.{' '}
        <span className="text-muted">Reload to get the missing parts. This page keeps working until then.</span>
      </p>
      <button type="button" className="button" onClick={() => location.reload()}>
        Reload
      </button>
    </section>
  );
}
