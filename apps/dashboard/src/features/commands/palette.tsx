// biome-ignore-all lint/a11y/useFocusableInteractive: the input keeps the focus and names the active option
// biome-ignore-all lint/a11y/useKeyWithClickEvents: arrows, Enter and Escape in the input
// biome-ignore-all lint/a11y/useSemanticElements: options of a combobox, not of a select
'use client';

import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useLive } from '../../node/live-context.tsx';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { Keycaps } from '../../ui/keys/keycaps.tsx';
import { keys, useKeys } from '../../ui/keys/keys.ts';
import type { Found } from './find-command.ts';
import { paletteSections } from './palette-sections.ts';
import { recentCommands, rememberCommand } from './recent-commands.ts';
import './palette.css';

/** Finds any command, applies a filter, or shows a time. The focus stays in the input. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { filter, range, store } = useLive();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const [recent] = useState(recentCommands);
  const [commands] = useState(() => keys.commands().filter(({ hidden }) => hidden !== true));
  const sections = useMemo(
    () =>
      paletteSections(
        commands,
        query,
        recent,
        { text: filter.text, apply: (text) => filter.apply(text) },
        { nowMs: store.getSnapshot().figures.wallMs, show: range.show },
      ),
    [commands, query, recent, filter, range, store],
  );
  const options = sections.flatMap(({ found }) => found);

  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useKeys('dialog', [{ keys: ['mod+k'], name: 'Close the palette', group: 'Help', run: onClose }]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen, query]);

  const run = ({ name, run: act }: Command) => {
    rememberCommand(name);
    // Closing restores the focus; the command may move it afterwards.
    flushSync(onClose);
    act();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = options.length - 1;
    const next = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + 8, PageUp: chosen - 8 }[event.key];
    if (next !== undefined && options.length > 0) {
      event.preventDefault();
      const page = event.key.startsWith('Page');
      setChosen(page ? Math.min(Math.max(next, 0), last) : (next + options.length) % options.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const option = options[chosen];
      if (option !== undefined) run(option.entry);
    }
  };

  let position = 0;
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Commands"
      data-testid="palette"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="palette-inside">
        <div className="palette-field">
          <Search size={14} aria-hidden="true" />
          <input
            role="combobox"
            aria-label="Command, filter or time"
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            {...(options.length > 0 && { 'aria-activedescendant': `${id}-${chosen}` })}
            className="palette-input"
            placeholder="Type a command, a filter or a time"
            value={query}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => {
              setQuery(event.target.value);
              setChosen(0);
            }}
            onKeyDown={onKeyDown}
          />
          <kbd className="keycap">Esc</kbd>
        </div>
        <div ref={list} id={`${id}-list`} role="listbox" aria-label="Commands" className="palette-list">
          {sections.map(({ title, found }) => (
            <div key={title} role="group" aria-label={title}>
              <div className="palette-title" aria-hidden="true">
                {title}
              </div>
              {found.map((each) => {
                const at = position++;
                return (
                  <div
                    key={each.entry.name}
                    id={`${id}-${at}`}
                    role="option"
                    aria-selected={at === chosen}
                    className="palette-option"
                    onPointerMove={() => setChosen(at)}
                    onClick={() => run(each.entry)}
                  >
                    <span className="palette-name">
                      <Marked found={each} />
                    </span>
                    {each.entry.keys[0] !== undefined && <Keycaps keys={each.entry.keys[0]} />}
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        <p role="status" className={options.length === 0 ? 'palette-nothing' : 'sr-only'}>
          {options.length === 0
            ? 'No matching command, and not a valid filter or time. Try fewer letters.'
            : `${options.length} results`}
        </p>
      </div>
    </dialog>
  );
}

function Marked({ found: { entry, marked } }: { found: Found<Command> }) {
  if (marked.length === 0) return entry.name;
  return [...entry.name].map((letter, i) => (marked.includes(i) ? <b key={i}>{letter}</b> : letter));
}
