'use client';

import { useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { useListeners, usePlaces } from '../../../node/use-lookups.ts';
import { placeText } from '../../../text/place-text.ts';
import { listenerText, plainName } from './listener-text.ts';

/** Country and network of an address, if the loader has a GeoIP database. */
export function PlaceNote({ address }: { address: string }) {
  const text = placeText(usePlaces([address])(address));
  return text === '' ? null : (
    <span className="packet-sentence" data-testid="packet-place" title="From the loader's GeoIP database">
      {text}
    </span>
  );
}

type Name = { readonly state: 'idle' | 'requested' } | { readonly state: 'known'; readonly text: string };

/** Looks up a name on request only: the DNS of the address's owner sees the query. */
export function ReverseName({ address }: { address: string }) {
  const { lookups } = useLive();
  const [name, setName] = useState<Name>({ state: 'idle' });
  const lookUp = async () => {
    setName({ state: 'requested' });
    const answer = await lookups.reverse(address);
    const text = answer.ok ? reverseNameText(answer.value) : answer.error.message;
    setName({ state: 'known', text });
  };
  return (
    <span className="packet-sentence" role="status" data-testid="packet-name">
      {name.state === 'known' ? (
        <Options text={name.text} />
      ) : (
        <button
          type="button"
          className="text-link"
          disabled={name.state === 'requested'}
          aria-label={`Look up name: ${address}`}
          title="Queries the DNS of the address's owner, which sees the query"
          onClick={() => void lookUp()}
        >
          {name.state === 'requested' ? 'Looking up…' : 'Look up name'}
        </button>
      )}
    </span>
  );
}

function reverseNameText(name: string | null): string {
  return name === null ? 'No name found.' : `${plainName(name)}, according to its owner's DNS.`;
}

const LISTENING_PROTOCOLS: ReadonlySet<number> = new Set([6, 17]);

/** Processes that listen on the port, marked as inferred: they are looked up after the packet arrived. */
export function ListenerNote({ ip_protocol, port }: { ip_protocol: number; port: number }) {
  const hasListeners = LISTENING_PROTOCOLS.has(ip_protocol);
  const answer = useListeners(hasListeners);
  if (!hasListeners || answer === null) return null;
  return (
    <span className="packet-sentence" data-testid="packet-listener">
      {answer.ok ? listenerText(answer.value, ip_protocol, port) : <Options text={answer.error.message} />}{' '}
      {answer.ok && (
        <span
          className="inferred"
          title="Looked up after the packet arrived: it may have been another process at that time."
        >
          inferred
        </span>
      )}
    </span>
  );
}

/** Keeps each command-line option on one line. */
function Options({ text }: { text: string }) {
  return text.split(/(--[a-z-]+)/).map((part, i) =>
    part.startsWith('--') ? (
      <code key={i} className="font-mono whitespace-nowrap">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
