import type { ReactNode } from 'react';

/** A button that is a state alone: `label` is read aloud, and shown with its key where the pointer rests on it. */
export function IconButton({
  label,
  shortcut,
  off = false,
  onClick,
  children,
}: {
  label: string;
  shortcut?: string;
  /** It does nothing now, but stays where it is and keeps the focus. */
  off?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="button button-icon"
      aria-label={label}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      aria-disabled={off}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
