'use client';

import { X } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useRulesView } from '../../features/rules/change/use-rules.ts';
import { useUndo } from '../../features/rules/change/use-undo.ts';
import { type Toast, toasts } from '../../ui/toast-store.ts';

const VISIBLE_MS = 10_000;

/** The messages, each for ten seconds, or while the pointer or the focus is on it. */
export function ToastLines() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.get, toasts.get);
  return shown.map((toast) => (
    <ToastLine key={toast.number} toast={toast} dismiss={() => toasts.dismiss(toast.number)} />
  ));
}

function ToastLine({ toast, dismiss }: { toast: Toast; dismiss: () => void }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(dismiss, VISIBLE_MS);
    return () => clearTimeout(timer);
  }, [held]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pointer only keeps it open
    <div
      className="toast appear"
      data-tone={toast.tone}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <p>{toast.text}</p>
      {toast.offer !== undefined && <Offer offer={toast.offer} dismiss={dismiss} />}
      <button type="button" className="button button-icon" aria-label="Dismiss" onClick={dismiss}>
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}

/** Offers to undo or redo the change that the message reports, until another change is made. */
function Offer({ offer: { what, revision }, dismiss }: { offer: NonNullable<Toast['offer']>; dismiss: () => void }) {
  const { last, undone, undo, redo } = useUndo();
  const now = useRulesView()?.snapshot.revision;
  const step = what === 'undo' ? last : undone;
  if (step === undefined || step.revision !== revision || (what === 'redo' && now !== revision)) return null;
  const verb = what === 'undo' ? 'Undo' : 'Redo';
  return (
    <button
      type="button"
      className="toast-undo"
      data-testid={`toast-${what}`}
      aria-label={`${verb}: ${step.what}`}
      title={`${verb}: ${step.what}`}
      onClick={() => {
        dismiss();
        (what === 'undo' ? undo : redo)();
      }}
    >
      {verb}
    </button>
  );
}
