'use client';

import { ArrowLeft, ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { DEFAULT_COLUMNS, isDefaultChoice, isShown, moved, visibleColumns, withShown } from '../lib/column-choice.ts';
import { COLUMNS, type ColumnKey } from '../lib/columns.ts';
import { columnChoice } from '../live/table-choices.ts';
import { useColumns } from '../live/use-columns.ts';

/** Which columns there are, and in which order. */
export function ColumnMenu() {
  const { choice, facts } = useColumns();
  const visible = visibleColumns(choice, facts);
  const move = (key: ColumnKey, by: -1 | 1) => {
    columnChoice.value = moved(choice, key, by, facts);
  };
  return (
    <>
      <h3 className="menu-title">Columns, from left to right</h3>
      <ul className="column-list">
        {choice.order.map((key) => {
          const { label, title } = COLUMNS[key];
          const shown = isShown(choice, key, facts);
          return (
            <li key={key} className="column-entry">
              <label title={title}>
                <input
                  type="checkbox"
                  name={`column-${key}`}
                  checked={shown}
                  disabled={shown && visible.length === 1}
                  onChange={(event) => {
                    columnChoice.value = withShown(choice, key, event.target.checked);
                  }}
                />
                <span>{label}</span>
              </label>
              {shown && (
                <>
                  <MoveButton label={`Move ${label} left`} at={visible[0] === key} onClick={() => move(key, -1)}>
                    <ArrowLeft size={12} aria-hidden="true" />
                  </MoveButton>
                  <MoveButton label={`Move ${label} right`} at={visible.at(-1) === key} onClick={() => move(key, 1)}>
                    <ArrowRight size={12} aria-hidden="true" />
                  </MoveButton>
                </>
              )}
            </li>
          );
        })}
      </ul>
      <div className="menu-foot">
        <p className="menu-note">Or drag a name in the table’s head, and its right edge.</p>
        <button
          type="button"
          className="button"
          disabled={isDefaultChoice(choice)}
          onClick={() => {
            columnChoice.value = DEFAULT_COLUMNS;
          }}
        >
          Reset
        </button>
      </div>
    </>
  );
}

/** At the edge it stays where it is, and keeps the focus. */
function MoveButton({
  label,
  at,
  onClick,
  children,
}: {
  label: string;
  at: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="button button-icon"
      aria-label={label}
      title={label}
      aria-disabled={at}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
