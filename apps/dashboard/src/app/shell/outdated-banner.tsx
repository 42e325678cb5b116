'use client';

import { useSyncExternalStore } from 'react';
import { ConnectionMark } from '../../node/connection-mark.tsx';
import { outdatedPage } from '../../node/outdated-page.ts';

/**
 * Offers to reload the page after an upgrade of the loader, which no longer serves this page's files. Parts that are
 * already loaded keep working.
 */
export function OutdatedBanner() {
  const isOutdated = useSyncExternalStore(outdatedPage.subscribe, outdatedPage.isOutdated, () => false);
  if (!isOutdated) return null;
  return (
    <section className="banner appear" aria-label="Outdated page" data-testid="outdated-page">
      <span className="text-warn">
        <ConnectionMark state="stale" />
      </span>
      <p className="min-w-0" role="status">
        This page is older than the loader, so some parts of the page can no longer be loaded.{' '}
        <span className="text-muted">
          Reload to get the new version. Until then, the parts that are already loaded keep working.
        </span>
      </p>
      <button type="button" className="button" onClick={() => location.reload()}>
        Reload
      </button>
    </section>
  );
}
