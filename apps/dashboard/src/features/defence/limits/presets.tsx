'use client';

import { LIMIT_PRESETS, type LimitPreset, limitText, presetDrafts } from '@packetlog/common';
import { useState } from 'react';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { matchText } from '../../../text/rule-text.ts';
import { asSentence } from '../../../text/sentence.ts';
import { useMayChange, useRuleActions } from '../../rules/index.ts';
import './presets.css';

/** Limits for common attacks, with buttons that add them. They observe until they are enforced. */
export function Presets({ limits }: { limits: readonly ListedRule[] }) {
  const { addAll } = useRuleActions();
  const mayChange = useMayChange();
  const [problem, setProblem] = useState('');
  const add = async ({ name }: LimitPreset) => {
    const error = await addAll(presetDrafts(name, 'any'), `Preset ${name} was added. It observes.`);
    setProblem(error === null ? '' : asSentence(error.message));
  };
  return (
    <>
      <ol className="presets" aria-label="Presets">
        {LIMIT_PRESETS.map((preset) => (
          <PresetLine
            key={preset.name}
            preset={preset}
            isThere={isThere(preset, limits)}
            onAdd={mayChange ? () => void add(preset) : undefined}
          />
        ))}
      </ol>
      {problem !== '' && (
        <p role="alert" className="field-problem">
          {problem}
        </p>
      )}
    </>
  );
}

function PresetLine({
  preset,
  isThere,
  onAdd,
}: {
  preset: LimitPreset;
  isThere: boolean;
  onAdd: (() => void) | undefined;
}) {
  const { name, about } = preset;
  return (
    <li className="preset" data-testid="preset" data-name={name}>
      <div>
        <p>
          <span className="font-mono">{name}</span> <span className="text-muted">{about}</span>
        </p>
        {presetDrafts(name, 'any').map((draft) => (
          <p key={matchText(draft)} className="preset-rule text-faint">
            {matchText(draft)}: {limitText({ ...draft, enforce: true })}
          </p>
        ))}
      </div>
      {isThere ? (
        <p className="text-muted">added</p>
      ) : (
        onAdd !== undefined && (
          <button type="button" className="button" aria-label={`Add preset ${name}`} onClick={onAdd}>
            Add
          </button>
        )
      )}
    </li>
  );
}

/** Whether limits with the match and the numbers of the preset exist. */
function isThere({ name }: LimitPreset, limits: readonly ListedRule[]): boolean {
  const known = new Set(limits.map(keyOf));
  return presetDrafts(name, 'any').every((draft) => known.has(keyOf(draft)));
}

function keyOf(limit: Parameters<typeof matchText>[0] & Parameters<typeof limitText>[0]): string {
  return `${matchText(limit)} ${limitText({ ...limit, enforce: true })}`;
}
