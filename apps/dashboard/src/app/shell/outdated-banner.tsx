'use client';

import { useSyncExternalStore } from 'react';
import { ConnectionMark } from '../../node/connection-mark.tsx';
import { outdatedPage } from '../../node/outdated-page.ts';

/**
 * Shown when the loader was upgraded and no longer has this page's files. The page keeps working until it is reloaded.
 */
export function OutdatedBanner() {
  const isOutdated = useSyncExternalStore(outdatedPage.subscribe, outdatedPage.isOutdated, () => false);
  if (!isOutdated) return null;
  return (
    <section className="banner appear" aria-label="Age of this page" data-testid="outdated-page">
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
