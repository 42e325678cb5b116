'use client';

import { copyText } from '../../../ui/clipboard.ts';
import { toasts } from '../../../ui/toast-store.ts';

/** A text that the hub shows once, with a button that copies it. */
export function Secret({ label, text, children }: { label: string; text: string; children: string }) {
  const copy = async () =>
    toasts.show(
      (await copyText(text))
        ? { text: 'Copied.', tone: 'done' }
        : { text: 'Not copied: select the text.', tone: 'problem' },
    );
  return (
    <section className="fleet-secret" aria-label={label} data-testid="fleet-secret">
      <p>{children}</p>
      <code>{text}</code>
      <button type="button" className="button" onClick={() => void copy()}>
        Copy
      </button>
    </section>
  );
}
