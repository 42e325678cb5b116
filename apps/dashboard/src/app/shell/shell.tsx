'use client';

import dynamic from 'next/dynamic';
import { usePathname } from 'next/navigation';
import { Fragment, type ReactNode } from 'react';
import { PendingBanner } from '../../features/rules/change/pending-banner.tsx';
import { LiveProvider, useSnapshot } from '../../node/live-context.tsx';
import { TOGETHER } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { Banner } from './banner.tsx';
import { NoPicture } from './no-connection.tsx';
import { OldPage } from './old-page.tsx';
import { Commands } from './overlays.tsx';
import './screen.css';
import { fetched } from '../../node/lazy-with-retry.ts';
import { StatusStrip } from './status-strip.tsx';
import { Toasts } from './toasts.tsx';

const MissingNodes = dynamic(
  async () => (await fetched(() => import('../../features/nodes/missing-nodes.tsx'))).MissingNodes,
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
  const hasPicture = useSnapshot(({ figures }) => figures.hello !== null);
  const listsNodes = usePathname().startsWith('/nodes');
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  return (
    <div className="screen">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <StatusStrip old={hasPicture && old} />
      <OldPage />
      {listsNodes ? (
        children
      ) : hasPicture ? (
        <>
          <Banner />
          {shown === TOGETHER && <MissingNodes />}
          <PendingBanner />
          <Fragment key={shown}>{children}</Fragment>
        </>
      ) : (
        <NoPicture />
      )}
      <Toasts />
      <Commands />
    </div>
  );
}
