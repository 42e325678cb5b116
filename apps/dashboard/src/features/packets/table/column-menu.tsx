'use client';

import { ArrowLeft, ArrowRight } from 'lucide-react';
import { IconButton } from '../../../ui/icon-button.tsx';
import { DEFAULT_COLUMNS, isDefaultChoice, isShown, moved, visibleColumns, withShown } from './column-choice.ts';
import { columnSetting } from './column-setting.ts';
import { COLUMNS, type ColumnKey } from './columns.ts';
import { useColumns } from './use-columns.ts';

/** Shows, hides and moves columns. */
export function ColumnMenu() {
  const { choice, facts } = useColumns();
  const visible = visibleColumns(choice, facts);
  const move = (key: ColumnKey, by: -1 | 1) => {
    columnSetting.value = moved(choice, key, by, facts);
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
                    columnSetting.value = withShown(choice, key, event.target.checked);
                  }}
                />
                <span>{label}</span>
              </label>
              {shown && (
                <>
                  <IconButton label={`Move ${label} left`} off={visible[0] === key} onClick={() => move(key, -1)}>
                    <ArrowLeft size={12} aria-hidden="true" />
                  </IconButton>
                  <IconButton label={`Move ${label} right`} off={visible.at(-1) === key} onClick={() => move(key, 1)}>
                    <ArrowRight size={12} aria-hidden="true" />
                  </IconButton>
                </>
              )}
            </li>
          );
        })}
      </ul>
      <div className="menu-foot">
        <p className="menu-note">Or drag a column’s name to move it, its right edge to resize it.</p>
        <button
          type="button"
          className="button"
          disabled={isDefaultChoice(choice)}
          onClick={() => {
            columnSetting.value = DEFAULT_COLUMNS;
          }}
        >
          Reset
        </button>
      </div>
    </>
  );
}
