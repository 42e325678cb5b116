'use client';

import type { RulesError } from '@packetlog/common';
import { useEffect, useRef } from 'react';
import { rejectionText } from './rejection-text.ts';
import './rejection.css';

/** Why a request was rejected. Forcing it takes a second button, never the one pressed first. */
export function Rejection({ error, force }: { error: RulesError; force?: () => void }) {
  const { title, sentence, mayForce } = rejectionText(error);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Braces, because new browsers return a promise that React would take for a cleanup function.
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  return (
    <div ref={box} role="alert" className="rejection appear" data-testid="rejection" data-code={error.code}>
      <p className="rejection-title">{title}</p>
      <p>{sentence}</p>
      {mayForce && force !== undefined && (
        <>
          <p className="text-muted">
            Nothing was changed. Apply it anyway only if you have another way to reach this machine.
          </p>
          <button type="button" className="button button-danger" data-testid="force" onClick={force}>
            Apply anyway
          </button>
        </>
      )}
    </div>
  );
}
