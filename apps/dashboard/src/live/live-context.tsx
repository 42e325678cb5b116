'use client';

import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { FilterChoice } from './filter-choice.ts';
import { takeHandshakeTarget } from './handshake-target.ts';
import { LoaderConnection } from './loader-socket.ts';
import { type Snapshot, Store } from './store.ts';
import { Toasts } from './toasts.ts';

interface Live {
  readonly store: Store;
  readonly retry: () => void;
  readonly setPaused: (paused: boolean) => void;
  readonly ask: LoaderConnection['ask'];
  readonly filter: FilterChoice;
  readonly top: LoaderConnection['top'];
  readonly toasts: Toasts;
}

const LiveContext = createContext<Live | null>(null);

/** Owns the store and the connection for as long as the page is open. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new Store());
  const [toasts] = useState(() => new Toasts());
  const [filter] = useState(() => new FilterChoice());
  const connection = useRef<LoaderConnection | null>(null);

  useEffect(() => {
    const open = () => {
      filter.readAddress();
      const { token, adminToken, loader } = takeHandshakeTarget();
      connection.current?.close();
      const target = token === null ? null : { token, adminToken, loader };
      connection.current = target === null ? null : new LoaderConnection(store, target, filter.text);
      if (token === null) store.connect({ type: 'no_token' }, loader);
    };
    // The printed URL pasted into an open tab changes only the hash.
    const onHash = () => {
      if (location.hash.includes('token=')) open();
      else filter.readAddress();
    };
    const stopFiltering = filter.onChange(() => connection.current?.setFilter(filter.text));
    open();
    window.addEventListener('hashchange', onHash);
    const stopTicking = store.startTicking();
    return () => {
      window.removeEventListener('hashchange', onHash);
      stopFiltering();
      stopTicking();
      connection.current?.close();
      connection.current = null;
    };
  }, [store, filter]);

  const live = useMemo<Live>(
    () => ({
      store,
      toasts,
      filter,
      retry: () => connection.current?.retry(),
      setPaused: (paused) => connection.current?.pause(paused),
      top: async (...span) => connection.current?.top(...span) ?? null,
      ask: async (...request) =>
        connection.current?.ask(...request) ?? {
          ok: false,
          error: { code: 'unavailable', message: 'There is no connection to the loader.' },
        },
    }),
    [store, toasts, filter],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive outside of LiveProvider');
  return live;
}

/** A part of the snapshot; draws again only when that part is another one. */
export function useSnapshot<T>(select: (snapshot: Snapshot) => T): T {
  const { store } = useLive();
  const get = () => select(store.getSnapshot());
  return useSyncExternalStore(store.subscribe, get, get);
}
