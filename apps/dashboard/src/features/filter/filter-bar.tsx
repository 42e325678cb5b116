'use client';

import { type FilterOption, highlightFilter } from '@packetlog/common';
import { Star, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import { completed, type Edit, edited, NO_FILTER, readFilterText } from '../../text/filter-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import type { completeFilter } from './filter-completion.ts';
import { keyAction } from './key-action.ts';
import { useFilter } from './use-filter.ts';
import './filter-bar.css';

/** Options that fit without hiding the table. */
const OPTIONS = 8;

type Complete = typeof completeFilter;

/** The completion, fetched when the input is first focused; null until then. */
function useCompletion(wanted: boolean): Complete | null {
  const [complete, setComplete] = useState<Complete | null>(null);
  const isMissing = wanted && complete === null;
  useEffect(() => {
    if (!isMissing) return;
    let isGone = false;
    void lazyWithRetry(() => import('./filter-completion.ts')).then(({ completeFilter }) => {
      if (!isGone) setComplete(() => completeFilter);
    });
    return () => {
      isGone = true;
    };
  }, [isMissing]);
  return complete;
}

/** The filter of the rows: tcpdump-like syntax with highlighting, completion and errors. */
export function FilterBar() {
  const { filter, applied, saved } = useFilter();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(applied);
  const [cursor, setCursor] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const id = useId();
  const vocabulary = useVocabulary();

  // A filter applied elsewhere (link, row) replaces the typed text.
  useEffect(() => setText(applied), [applied]);
  useFocusKey(input);

  const complete = useCompletion(cursor !== null);
  const { trouble } = useMemo(() => readFilterText(text), [text]);
  const offers = useMemo(() => {
    if (cursor === null) return null;
    if (text === '' && saved.length > 0) {
      return { from: 0, options: saved.map((each): FilterOption => ({ text: each, kind: 'value', detail: 'saved' })) };
    }
    return complete === null ? null : complete(text, cursor, vocabulary);
  }, [text, cursor, saved, vocabulary, complete]);
  const offered = offers?.options.slice(0, OPTIONS) ?? [];
  // An incomplete word at the cursor is not an error yet.
  const growing = trouble !== null && trouble.to === cursor && (trouble.from === trouble.to || offered.length > 0);
  const wrong = trouble !== null && !growing;
  // Errors take precedence: suggestions would cover them and may contradict them.
  const options = wrong ? [] : offered;

  const write = ({ text: next, cursor: at }: Edit) => {
    setText(next);
    setCursor(at);
    setChosen(null);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const take = (option: FilterOption) => {
    if (offers === null || cursor === null) return;
    if (text === '') {
      filter.apply(option.text);
      setCursor(null);
    } else write(completed(text, offers.from, cursor, option.text));
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
  const place = () => {
    setCursor(input.current?.selectionStart ?? null);
    setChosen(null);
  };
  const isSaved = saved.includes(applied);

  return (
    // biome-ignore lint/a11y/useSemanticElements: not all screen readers know <search> yet
    <div className="filter-bar" role="search" aria-label="Filter the rows">
      <div className="filter-box" data-wrong={wrong} data-applied={applied !== NO_FILTER && applied === text.trim()}>
        <div className="filter-colours" aria-hidden="true">
          <Coloured text={text} wrong={wrong} />
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
            place();
          }}
          onFocus={place}
          onClick={place}
          onKeyUp={(event) => ['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key) && place()}
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
      {options.length > 0 && (
        <div id={`${id}-options`} role="listbox" aria-label="Suggestions" className="filter-options">
          {options.map((option, i) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active one
            // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter in the input
            <div
              key={option.text}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === chosen}
              className="filter-option"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(option)}
            >
              <span className="font-mono">{option.text}</span>
              <span className="filter-detail">{option.detail}</span>
            </div>
          ))}
        </div>
      )}
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

function Coloured({ text, wrong }: { text: string; wrong: boolean }) {
  const parts: { text: string; kind: string; at: number }[] = [];
  let at = 0;
  for (const { from, to, kind } of highlightFilter(text)) {
    if (from > at) parts.push({ text: text.slice(at, from), kind: '', at });
    parts.push({ text: text.slice(from, to), kind, at: from });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), kind: '', at });
  return parts.map((part) => (
    <span key={part.at} data-kind={part.kind === 'error' && !wrong ? '' : part.kind}>
      {part.text}
    </span>
  ));
}

/** Known interfaces, busy addresses and rules, for completion. */
function useVocabulary() {
  const interfaces = useSnapshot(({ figures }) => figures.interfaces);
  const top = useSnapshot(({ figures }) => figures.top);
  const rules = useSnapshot((snapshot) => snapshot.rules);
  return useMemo(
    () => ({
      interfaces: interfaces.map(({ name }) => name),
      addresses: top.sources.map(({ label }) => label),
      rules: rules?.snapshot.rules.map(({ id, reason }) => ({ id, detail: reason })) ?? [],
    }),
    [interfaces, top, rules],
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
