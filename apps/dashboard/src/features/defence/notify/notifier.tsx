'use client';

import { useEffect } from 'react';
import type { Loader } from '../../../node/connection/loader.ts';
import { useNodes } from '../../../node/use-nodes.ts';
import { News } from './news.ts';
import { PacedNotices } from './paced-notices.ts';

/** Notifies of new bans and findings of every node, while the page is open. Draws nothing. */
export function Notifier() {
  const { loaders } = useNodes();
  useEffect(() => {
    const notices = new PacedNotices(notify);
    const stops = loaders.map((loader) => watch(loader, (text) => notices.add(text)));
    return () => {
      notices.clear();
      for (const stop of stops) stop();
    };
  }, [loaders]);
  return null;
}

function watch({ store, name }: Loader, tell: (text: string) => void): () => void {
  const news = new News();
  const look = () => {
    const { findings, decisions, hello } = store.getSnapshot().figures;
    const where = name || hello?.node || '';
    for (const text of news.of(findings, decisions)) tell(where === '' ? text : `${where}: ${text}`);
  };
  look();
  return store.subscribe(look);
}

function notify(body: string): void {
  if (Notification.permission !== 'granted') return;
  try {
    // The same tag: a new one replaces the one before.
    const notification = new Notification('PacketLog', { body, tag: 'packetlog' });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Browsers of phones notify only from a service worker, which this page does not have.
  }
}
