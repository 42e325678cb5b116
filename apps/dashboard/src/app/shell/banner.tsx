'use client';

import { ConnectionMark } from '../../node/connection-mark.tsx';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { connectionText } from '../../node/state/connection-text.ts';

/** Shows what is wrong with the connection, and what to do. Renders nothing while it is live. */
export function Banner() {
  const { retry } = useLive();
  const { connection, now, loader } = useSnapshot((snapshot) => snapshot);
  const text = connectionText(connection, now, loader);
  if (text.sentence === '') return null;
  return (
    <section className="banner appear" aria-label="Connection">
      <span className="text-warn">
        <ConnectionMark state={connection.state} />
      </span>
      <p className="min-w-0">
        {text.sentence} <span className="text-muted">{text.advice}</span>
      </p>
      {text.retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}
