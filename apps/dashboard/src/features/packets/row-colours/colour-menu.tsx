'use client';

import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { edited, readFilterText } from '../../../text/filter-text.ts';
import { IconButton } from '../../../ui/icon-button.tsx';
import { useStored } from '../../../ui/stored-setting.ts';
import {
  COLOURS,
  type ColourRule,
  MAX_COLOUR_RULES,
  movedRule,
  withChange,
  withoutRule,
  withRule,
} from './colour-rules.ts';
import { colourSetting } from './colour-setting.ts';
import './colour-menu.css';

/** Edits colour rules: a filter and a colour each; the first match wins. */
export function ColourMenu() {
  const rules = useStored(colourSetting);
  const { filter } = useLive();
  const [added, setAdded] = useState<number | null>(null);
  const add = (text: string) => {
    const next = withRule(rules, text);
    colourSetting.value = next;
    setAdded(next.at(-1)?.id ?? null);
  };
  return (
    <>
      <h3 className="menu-title">Rows that match a filter get its colour; the first match wins</h3>
      {rules.length === 0 && (
        <p className="menu-note px-3 pb-3">
          No colour rules yet. A rule is a filter, such as <code>tcp dst port 22</code> or{' '}
          <code>src net 10.0.0.0/8</code>.
        </p>
      )}
      <ol className="colour-list">
        {rules.map((rule, i) => (
          <Rule key={rule.id} rule={rule} number={i + 1} of={rules.length} focus={rule.id === added} />
        ))}
      </ol>
      <div className="menu-foot">
        <button
          type="button"
          className="button"
          disabled={rules.length >= MAX_COLOUR_RULES}
          data-testid="colour-add"
          onClick={() => add('')}
        >
          <Plus size={12} aria-hidden="true" />
          Add a rule
        </button>
        {filter.text !== '' && rules.length < MAX_COLOUR_RULES && (
          <button type="button" className="button" onClick={() => add(filter.text)}>
            From the filter
          </button>
        )}
      </div>
    </>
  );
}

function Rule({ rule, number, of, focus }: { rule: ColourRule; number: number; of: number; focus: boolean }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  const { trouble } = readFilterText(rule.text);
  const change = (what: Partial<Omit<ColourRule, 'id'>>) => {
    colourSetting.value = withChange(colourSetting.value, rule.id, what);
  };
  const move = (by: -1 | 1) => {
    colourSetting.value = movedRule(colourSetting.value, rule.id, by);
  };
  return (
    <li className="colour-rule" data-on={rule.on}>
      <div className="colour-line">
        <input
          type="checkbox"
          aria-label={`Rule ${number} is on`}
          title="On or off"
          checked={rule.on}
          onChange={(event) => change({ on: event.target.checked })}
        />
        <input
          ref={input}
          className="input font-mono"
          aria-label={`Filter of rule ${number}`}
          data-testid="colour-filter"
          placeholder="tcp dst port 22"
          value={rule.text}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-invalid={trouble !== null}
          {...(trouble !== null && { 'aria-describedby': `${id}-trouble` })}
          onChange={(event) => change({ text: event.target.value })}
        />
        <IconButton label={`Rule ${number} up`} off={number === 1} onClick={() => move(-1)}>
          <ArrowUp size={12} aria-hidden="true" />
        </IconButton>
        <IconButton label={`Rule ${number} down`} off={number === of} onClick={() => move(1)}>
          <ArrowDown size={12} aria-hidden="true" />
        </IconButton>
        <IconButton
          label={`Remove rule ${number}`}
          onClick={() => {
            colourSetting.value = withoutRule(colourSetting.value, rule.id);
          }}
        >
          <X size={12} aria-hidden="true" />
        </IconButton>
      </div>
      <fieldset className="colour-choices">
        <legend className="sr-only">Colour of rule {number}</legend>
        {COLOURS.map((colour) => (
          <label key={colour} className="colour-choice" data-paint={colour} title={colour}>
            <input
              type="radio"
              name={`${id}-colour`}
              className="sr-only"
              aria-label={colour}
              checked={colour === rule.colour}
              onChange={() => change({ colour })}
            />
            <span className="colour-mark" />
          </label>
        ))}
      </fieldset>
      {trouble !== null && (
        <p id={`${id}-trouble`} className="field-problem colour-trouble" role="status">
          {trouble.message}{' '}
          {trouble.fix !== undefined && (
            <button
              type="button"
              className="button"
              onClick={() => change({ text: edited(rule.text, trouble.from, trouble.to, trouble.fix ?? '').text })}
            >
              Replace with “{trouble.fix}”
            </button>
          )}
        </p>
      )}
    </li>
  );
}
