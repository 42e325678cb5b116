'use client';

import type { Acknowledgement, Listener, Place } from '@packetlog/common';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLive } from './live-context.tsx';

/** Says where addresses are, as far as it is known; draws again when more is. */
export function usePlaces(addresses: readonly string[]): (address: string) => Place | null | undefined {
  const { names } = useLive();
  useSyncExternalStore(names.subscribe, names.version, names.version);
  const key = addresses.join(' ');
  useEffect(() => {
    if (key !== '') names.wantPlaces(key.split(' '));
  }, [names, key]);
  return (address) => names.place(address);
}

/** Who listens on which port; null until the loader has told. `wanted` false: nobody asks. */
export function useListeners(wanted: boolean): Acknowledgement<Listener[]> | null {
  const { names } = useLive();
  const [answer, setAnswer] = useState<Acknowledgement<Listener[]> | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    void names.listeners().then((found) => {
      if (current) setAnswer(found);
    });
    return () => {
      current = false;
    };
  }, [names, wanted]);
  return answer;
}
