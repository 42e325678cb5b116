import type { ReactNode } from 'react';

/** A button with only an icon: `label` is announced, and shown with its shortcut as a tooltip. */
export function IconButton({
  label,
  shortcut,
  off = false,
  onClick,
  children,
}: {
  label: string;
  shortcut?: string;
  /** Disabled, but keeps its place and the focus. */
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
