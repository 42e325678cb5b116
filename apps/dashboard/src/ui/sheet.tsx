'use client';

import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './icon-button.tsx';
import './sheet.css';

/**
 * A drawer over the page: the browser's own modal dialog, so that the focus stays inside, Escape closes it and what
 * had the focus gets it back. It is open as long as it is drawn.
 */
export function Sheet({
  title,
  note,
  children,
  wide = false,
  onClose,
}: {
  title: ReactNode;
  /** Below the title: what this is about. */
  note?: ReactNode;
  children: ReactNode;
  /** For a table rather than a form. */
  wide?: boolean;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    // The browser would take the first button, which closes it again.
    const first = element?.querySelector<HTMLElement>(
      '[data-autofocus], .sheet-body :is(input:not([type=file]), textarea, select)',
    );
    (first ?? element?.querySelector('h2'))?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it; the key for that is Escape
    <dialog
      ref={dialog}
      className={wide ? 'sheet sheet-wide' : 'sheet'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="sheet-inside">
        <header className="sheet-head">
          <div className="min-w-0">
            <h2 id={titleId} className="sheet-title" tabIndex={-1}>
              {title}
            </h2>
            {note !== undefined && <div className="sheet-note">{note}</div>}
          </div>
          <IconButton label="Close" shortcut="Esc" onClick={onClose}>
            <X size={14} aria-hidden="true" />
          </IconButton>
        </header>
        {children}
      </div>
    </dialog>
  );
}
