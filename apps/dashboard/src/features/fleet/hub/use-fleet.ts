'use client';

import type { FleetAnswer, FleetRequest, FleetVerb } from '@packetlog/common/fleet';
import { startTransition, useCallback, useEffect, useState } from 'react';
import { nodeAddress } from '../../../node/connection/loader-address.ts';
import type { FleetView, Hub } from '../../../node/fleet/hub.ts';
import { useLive } from '../../../node/live-context.tsx';
import { useNodes } from '../../../node/use-nodes.ts';
import { toasts } from '../../../ui/toast-store.ts';

export function useHub(): Hub | null {
  return useNodes().hub;
}

/**
 * Returns what the hub has sent; null before that. Drawing it may be interrupted: a thousand nodes each second must not delay
 * frames.
 */
export function useFleet(): FleetView | null {
  const hub = useHub();
  const [fleet, setFleet] = useState(() => hub?.get() ?? null);
  useEffect(() => {
    const show = () => startTransition(() => setFleet(hub?.get() ?? null));
    show();
    return hub?.subscribe(show);
  }, [hub]);
  return fleet;
}

/** Returns a function that opens the Live page of a node. */
export function useOpenNode(): (name: string) => void {
  const { address, nodes } = useLive();
  const hub = useHub();
  return (name) => {
    if (hub === null) return;
    const node = nodeAddress(hub.address, name);
    address.write({ node });
    void nodes.show(node);
  };
}

export type AskFleet = <Verb extends FleetVerb>(verb: Verb, request: FleetRequest<Verb>) => Promise<FleetAnswer<Verb>>;

/** Returns a function that sends a request to the hub. Always resolves; failures are answers as well. */
export function useAskFleet(): AskFleet {
  const hub = useHub();
  return useCallback<AskFleet>(
    async (verb, request) =>
      hub?.ask(verb, request) ?? {
        ok: false,
        error: { code: 'unavailable', message: 'There is no connection to the hub.' },
      },
    [hub],
  );
}

/** Like `useAskFleet`, and shows what happened: `done`, or why not. Resolves with whether it was done. */
export function useDo(): <Verb extends FleetVerb>(
  verb: Verb,
  request: FleetRequest<Verb>,
  done: string,
) => Promise<boolean> {
  const ask = useAskFleet();
  return useCallback(
    async (verb, request, done) => {
      const answer = await ask(verb, request);
      toasts.show(
        answer.ok ? { text: done, tone: 'done' } : { text: `Rejected: ${answer.error.message}`, tone: 'problem' },
      );
      return answer.ok;
    },
    [ask],
  );
}

/** Asks when the component is shown and after `again()`. `value` is null until the answer. */
export function useAnswer<Verb extends 'people' | 'join_tokens' | 'audit' | 'rules'>(
  verb: Verb,
  request: FleetRequest<Verb>,
): { value: Extract<FleetAnswer<Verb>, { ok: true }>['value'] | null; problem: string; again: () => void } {
  const ask = useAskFleet();
  const [state, setState] = useState<{
    value: Extract<FleetAnswer<Verb>, { ok: true }>['value'] | null;
    problem: string;
  }>({ value: null, problem: '' });
  const [times, setTimes] = useState(0);
  const asked = JSON.stringify(request);
  // `times` asks again.
  useEffect(() => {
    let isCurrent = true;
    void ask(verb, JSON.parse(asked) as FleetRequest<Verb>).then((answer) => {
      if (!isCurrent) return;
      setState(answer.ok ? { value: answer.value, problem: '' } : { value: null, problem: answer.error.message });
    });
    return () => {
      isCurrent = false;
    };
  }, [ask, verb, asked, times]);
  return { ...state, again: useCallback(() => setTimes((before) => before + 1), []) };
}
