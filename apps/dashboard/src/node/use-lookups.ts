'use client';

import type { Acknowledgement, Listener, Place } from '@packetlog/common';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLive } from './live-context.tsx';

/** Looks up countries and networks; renders again when more are known. */
export function usePlaces(addresses: readonly string[]): (address: string) => Place | null | undefined {
  const { lookups } = useLive();
  useSyncExternalStore(lookups.subscribe, lookups.version, lookups.version);
  const key = addresses.join(' ');
  useEffect(() => {
    if (key !== '') lookups.wantPlaces(key.split(' '));
  }, [lookups, key]);
  return (address) => lookups.place(address);
}

/** Returns whether the loader has files of --geoip; undefined until it was asked for a place. */
export function useHasPlaces(): boolean | undefined {
  const { lookups } = useLive();
  return useSyncExternalStore(lookups.subscribe, lookups.hasPlaces, () => undefined);
}

/** Returns the processes that listen on ports; null until the loader has answered. Requests them only if `wanted`. */
export function useListeners(wanted: boolean): Acknowledgement<Listener[]> | null {
  const { lookups } = useLive();
  const [answer, setAnswer] = useState<Acknowledgement<Listener[]> | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    void lookups.listeners().then((found) => {
      if (current) setAnswer(found);
    });
    return () => {
      current = false;
    };
  }, [lookups, wanted]);
  return answer;
}
