'use client';

import { ConnectionMark } from '../../node/connection-mark.tsx';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { connectionWords } from '../../node/state/connection-text.ts';

/** Above an old picture: what is the matter and what to do. Nothing while all is well. */
export function Banner() {
  const { retry } = useLive();
  const { connection, now, loader } = useSnapshot((snapshot) => snapshot);
  const words = connectionWords(connection, now, loader);
  if (words.sentence === '') return null;
  return (
    <section className="banner appear" aria-label="Connection">
      <span className="text-warn">
        <ConnectionMark state={connection.state} />
      </span>
      <p className="min-w-0">
        {words.sentence} <span className="text-muted">{words.advice}</span>
      </p>
      {words.retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}
