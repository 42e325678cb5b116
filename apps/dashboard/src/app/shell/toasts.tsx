'use client';

import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import './toasts.css';

/** Loaded at once, but not before the first picture: a message may be about a loader that no longer answers. */
const ToastLines = dynamic(() => lazyWithRetry(() => import('./toast-lines.tsx')).then((lines) => lines.ToastLines), {
  ssr: false,
});

/** Shows messages. Its element is there from the beginning, so that screen readers announce what appears in it. */
export function Toasts() {
  return (
    <section className="toasts" role="status" aria-label="Messages" data-testid="toasts">
      <ToastLines />
    </section>
  );
}
