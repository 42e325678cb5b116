'use client';

import type { ReactNode } from 'react';
import { LiveProvider, useSnapshot } from '../live/live-context.tsx';
import { Banner } from './banner.tsx';
import { Commands } from './commands.tsx';
import { NoPicture } from './no-picture.tsx';
import { PendingBanner } from './rules/pending-banner.tsx';
import './screen.css';
import { StatusStrip } from './status-strip.tsx';
import { Toasts } from './toasts.tsx';

export function Shell({ children }: { children: ReactNode }) {
  return (
    <LiveProvider>
      <Screen>{children}</Screen>
    </LiveProvider>
  );
}

function Screen({ children }: { children: ReactNode }) {
  const hasPicture = useSnapshot(({ figures }) => figures.hello !== null);
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  return (
    <div className="screen">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <StatusStrip old={hasPicture && old} />
      {hasPicture ? (
        <>
          <Banner />
          <PendingBanner />
          {children}
        </>
      ) : (
        <NoPicture />
      )}
      <Toasts />
      <Commands />
    </div>
  );
}
