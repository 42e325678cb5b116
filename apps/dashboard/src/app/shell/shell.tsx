'use client';

import dynamic from 'next/dynamic';
import { usePathname } from 'next/navigation';
import { Fragment, type ReactNode } from 'react';
import { notifySetting } from '../../features/defence/notify/notify-setting.ts';
import { LiveProvider, useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES, FLEET } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { useStored } from '../../ui/stored-setting.ts';
import { Banner } from './banner.tsx';
import { NoConnection } from './no-connection.tsx';
import { OutdatedBanner } from './outdated-banner.tsx';
import { Commands } from './overlays.tsx';
import './screen.css';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { StatusStrip } from './status-strip.tsx';
import { Toasts } from './toasts.tsx';

const MissingNodes = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/nodes/missing-nodes.tsx'))).MissingNodes,
  {
    ssr: false,
  },
);

const FleetPage = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/fleet/fleet-page.tsx'))).FleetPage,
  { ssr: false },
);

/** Loaded where notifications are on. */
const Notifier = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/defence/notify/notifier.tsx'))).Notifier,
  { ssr: false },
);

/** Loaded with the first change that waits for its confirmation. */
const PendingBanner = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/rules/change/pending-banner.tsx'))).PendingBanner,
  {
    ssr: false,
  },
);

export function Shell({ children }: { children: ReactNode }) {
  return (
    <LiveProvider>
      <Screen>{children}</Screen>
    </LiveProvider>
  );
}

function Screen({ children }: { children: ReactNode }) {
  const { shown } = useNodes();
  const isFleet = shown === FLEET;
  const hasData = useSnapshot(({ figures }) => figures.hello !== null);
  const listsNodes = usePathname().startsWith('/nodes');
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const notifies = useStored(notifySetting);
  const hasPending = useSnapshot(({ rules }) => rules?.snapshot.pending !== undefined);
  return (
    <div className="screen">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <StatusStrip old={hasData && old} />
      <OutdatedBanner />
      {isFleet ? (
        <>
          <Banner />
          <FleetPage />
        </>
      ) : listsNodes ? (
        children
      ) : hasData ? (
        <>
          <Banner />
          {shown === ALL_NODES && <MissingNodes />}
          {hasPending && <PendingBanner />}
          <Fragment key={shown}>{children}</Fragment>
        </>
      ) : (
        <NoConnection />
      )}
      <Toasts />
      {notifies && <Notifier />}
      <Commands isFleet={isFleet} />
    </div>
  );
}
