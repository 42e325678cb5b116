'use client';

import { type ReactNode, useId, useRef, useState } from 'react';
import { useKeys } from './keys/keys.ts';
import './menu-button.css';

/** A button that opens a popover below itself; the browser closes it on Escape and on clicks elsewhere. */
export function MenuButton({
  label,
  command,
  icon,
  testId,
  wide = false,
  children,
}: {
  label: string;
  /** Its name in the palette. */
  command: string;
  icon: ReactNode;
  testId: string;
  wide?: boolean;
  /** Rendered while it is open. */
  children: () => ReactNode;
}) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useKeys('page', [{ keys: [], name: command, group: 'View', run: () => menu.current?.showPopover() }]);
  const place = () => {
    const [below, box] = [button.current?.getBoundingClientRect(), menu.current];
    if (below === undefined || box === null) return;
    box.style.top = `${below.bottom + 4}px`;
    box.style.right = `${Math.max(8, document.documentElement.clientWidth - below.right)}px`;
    box.style.maxHeight = `${Math.max(160, window.innerHeight - below.bottom - 16)}px`;
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="button button-icon"
        popoverTarget={id}
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        title={label}
        data-testid={testId}
      >
        {icon}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className="menu"
        data-wide={wide}
        onBeforeToggle={place}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {open && children()}
      </div>
    </>
  );
}
