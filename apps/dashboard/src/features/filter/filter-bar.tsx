'use client';

import type { FilterOption } from '@packetlog/common';
import { Star, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { completed, type Edit, edited, NO_FILTER, readFilterText } from '../../text/filter-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { HighlightedFilter } from './highlighted-filter.tsx';
import { keyAction } from './key-action.ts';
import { SuggestionList } from './suggestion-list.tsx';
import { useFilter } from './use-filter.ts';
import { useSuggestions } from './use-suggestions.ts';
import './filter-bar.css';

/** Suggestions that fit without hiding the table. */
const MAX_OPTIONS = 8;

/** The filter of the packets: tcpdump-like syntax with highlighting, completion and errors. */
export function FilterBar() {
  const { filter, applied, saved } = useFilter();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(applied);
  const [cursor, setCursor] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const id = useId();

  // A filter applied elsewhere (link, row) replaces the typed text.
  useEffect(() => setText(applied), [applied]);
  useFocusKey(input);

  const { trouble } = useMemo(() => readFilterText(text), [text]);
  const suggestions = useSuggestions(text, cursor, saved);
  const offered = suggestions?.options.slice(0, MAX_OPTIONS) ?? [];
  // An incomplete word at the cursor is not an error yet.
  const incomplete = trouble !== null && trouble.to === cursor && (trouble.from === trouble.to || offered.length > 0);
  const wrong = trouble !== null && !incomplete;
  // Errors take precedence: suggestions would cover them and may contradict them.
  const options = wrong ? [] : offered;

  const write = ({ text: next, cursor: at }: Edit) => {
    setText(next);
    setCursor(at);
    setChosen(null);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const take = (option: FilterOption) => {
    if (suggestions === null || cursor === null) return;
    if (text === '') {
      filter.apply(option.text);
      setCursor(null);
    } else write(completed(text, suggestions.from, cursor, option.text));
    input.current?.focus();
  };
  const apply = (next: string) => {
    setCursor(null);
    setChosen(null);
    filter.apply(next);
  };
  const step = (by: number) => setChosen(((chosen ?? (by > 0 ? -1 : 0)) + by + options.length) % options.length);
  const onKeyDown = (event: KeyboardEvent) => {
    const option = chosen === null ? undefined : options[chosen];
    const state = {
      options: options.length,
      chosen: option !== undefined,
      parses: trouble === null,
      open: cursor !== null,
    };
    const action = keyAction(event.key, state);
    if (action === null) return;
    event.preventDefault();
    if (action === 'next') step(1);
    else if (action === 'previous') step(-1);
    else if (action === 'take' && option !== undefined) take(option);
    else if (action === 'apply') apply(text);
    else if (action === 'close') setCursor(null);
    else {
      setText(applied);
      input.current?.blur();
    }
  };
  const noteCursor = () => {
    setCursor(input.current?.selectionStart ?? null);
    setChosen(null);
  };
  const isSaved = saved.includes(applied);

  return (
    // biome-ignore lint/a11y/useSemanticElements: not all screen readers know <search> yet
    <div className="filter-bar" role="search" aria-label="Filter the packets">
      <div className="filter-box" data-wrong={wrong} data-applied={applied !== NO_FILTER && applied === text.trim()}>
        <div className="filter-colours" aria-hidden="true">
          <HighlightedFilter text={text} wrong={wrong} />
        </div>
        <input
          ref={input}
          className="filter-input"
          role="combobox"
          aria-label="Filter"
          aria-expanded={options.length > 0}
          aria-controls={`${id}-options`}
          aria-autocomplete="list"
          aria-invalid={wrong}
          {...(chosen !== null && { 'aria-activedescendant': `${id}-${chosen}` })}
          {...(trouble !== null && { 'aria-describedby': `${id}-trouble` })}
          data-testid="filter"
          placeholder="Filter: tcp dst port 443 and not src net 10.0.0.0/8"
          value={text}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            noteCursor();
          }}
          onFocus={noteCursor}
          onClick={noteCursor}
          onKeyUp={(event) => ['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key) && noteCursor()}
          onBlur={() => setCursor(null)}
          onKeyDown={onKeyDown}
        />
        {text.trim() !== applied && trouble === null && (
          <button type="button" className="filter-key" onClick={() => apply(text)} data-testid="filter-apply">
            Enter
          </button>
        )}
        {applied !== NO_FILTER && (
          <button
            type="button"
            className="filter-button"
            aria-pressed={isSaved}
            aria-label={isSaved ? 'Forget this filter' : 'Save this filter in this browser'}
            title={isSaved ? 'Forget this filter' : 'Save this filter in this browser'}
            onClick={() => (isSaved ? filter.forget(applied) : filter.save(applied))}
          >
            <Star size={13} aria-hidden="true" fill={isSaved ? 'currentColor' : 'none'} />
          </button>
        )}
        {text !== '' && (
          <button
            type="button"
            className="filter-button"
            aria-label="Clear the filter"
            title="Clear the filter"
            onClick={() => {
              setText('');
              apply(NO_FILTER);
            }}
          >
            <X size={14} aria-hidden="true" />
          </button>
        )}
      </div>
      {options.length > 0 && <SuggestionList id={id} options={options} chosen={chosen} onTake={take} />}
      {trouble !== null && (
        <p id={`${id}-trouble`} className={wrong ? 'filter-trouble' : 'sr-only'} role="status">
          {trouble.message}
          {trouble.fix !== undefined && wrong && (
            <button
              type="button"
              className="button"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => write(edited(text, trouble.from, trouble.to, trouble.fix ?? ''))}
            >
              Replace with “{trouble.fix}”
            </button>
          )}
        </p>
      )}
    </div>
  );
}

/** `/` focuses the filter, unless a field has the focus. */
function useFocusKey(input: { readonly current: HTMLInputElement | null }) {
  useKeys('page', [
    {
      keys: ['/'],
      name: 'Write a filter',
      group: 'Filter',
      keywords: 'search find focus',
      run: () => {
        input.current?.focus();
        input.current?.select();
      },
    },
  ]);
}
