'use client';

import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './icon-button.tsx';
import './sheet.css';

/**
 * A drawer over the page: a modal dialog of the browser, which traps the focus, closes on Escape and restores the
 * focus. It is open while it is mounted.
 */
export function Sheet({
  title,
  note,
  children,
  wide = false,
  onClose,
}: {
  title: ReactNode;
  /** Subtitle. */
  note?: ReactNode;
  children: ReactNode;
  /** For a table instead of a form. */
  wide?: boolean;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    // The browser would focus the first button, which closes the sheet.
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
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it, as Escape does
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
