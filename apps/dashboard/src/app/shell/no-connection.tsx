'use client';

import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { connectionText } from '../../node/state/connection-text.ts';

/** Not part of the first load: most pages are opened with a token. */
const AccessForm = dynamic(
  () => lazyWithRetry(() => import('./access-form.tsx')).then(({ AccessForm }) => AccessForm),
  {
    ssr: false,
  },
);

/** Replaces the page until the first data has arrived. */
export function NoConnection() {
  const { retry } = useLive();
  const { connection, now, loader } = useSnapshot((snapshot) => snapshot);
  const text = connectionText(connection, now, loader);
  const needsUrl =
    connection.state === 'no-token' ||
    (connection.state === 'rejected' && connection.rejection.code === 'unauthorized');
  // Does not flash the message before a running loader has answered.
  if (connection.state === 'connecting' && now - connection.since < 400) return <main id="content" />;
  return (
    <main id="content" className="no-connection appear" data-testid="no-connection">
      <h2 className="text-figure font-medium tracking-[-0.01em]">{text.sentence}</h2>
      <p className="mt-2 text-muted">{text.advice}</p>
      {needsUrl && (
        <figure className="terminal">
          <figcaption className="sr-only">A URL that packetlog url prints</figcaption>
          <code className="text-accent">{loader}/#token=…</code>
        </figure>
      )}
      {needsUrl && <AccessForm />}
      {connection.state === 'rejected' && !needsUrl && connection.rejection.message !== '' && (
        <p className="mt-4 text-small text-faint">
          Message of the loader at {loader}: “{connection.rejection.message}”
        </p>
      )}
      {text.retry && (
        <button type="button" className="button mt-6" onClick={retry}>
          Try again
        </button>
      )}
    </main>
  );
}
