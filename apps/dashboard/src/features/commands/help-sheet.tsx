'use client';

import { useLive } from '../../node/live-context.tsx';
import { COMMAND_GROUPS, type Command } from '../../ui/keys/key-bindings.ts';
import { Keycaps } from '../../ui/keys/keycaps.tsx';
import { keys, useCharacterKeys } from '../../ui/keys/keys.ts';
import { Sheet } from '../../ui/sheet.tsx';
import { FILTER_EXAMPLES } from './filter-examples.ts';
import './help-sheet.css';

/** Shortcuts that work only while the table has the focus or a row is selected. */
const ROW_KEYS = [
  ['arrowdown', 'Select the row below'],
  ['arrowup', 'Select the row above'],
  ['enter', 'Explain the selected row'],
  ['d', 'Deny the source of the row'],
  ['c', 'Copy the row as text'],
  ['shift+c', 'Copy the row as JSON'],
  ['escape', 'Clear the selection'],
] as const;

/** Lists the active shortcuts and filter examples, and turns single-key shortcuts on or off. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const { filter } = useLive();
  const [characterKeys, setCharacterKeys] = useCharacterKeys();
  const bound = keys.commands().filter((command) => command.keys.length > 0);
  const rowKeys = ROW_KEYS.filter(([key]) => bound.every((command) => !command.keys.includes(key)));
  const groups = COMMAND_GROUPS.map((group) => ({
    group,
    commands: bound.filter((command, i) => command.group === group && bound.findIndex(sameName(command)) === i),
  })).filter(({ commands }) => commands.length > 0);
  return (
    <Sheet title="Keyboard shortcuts and filter examples" onClose={onClose}>
      <div className="sheet-body help">
        <label className="help-switch">
          <input
            type="checkbox"
            checked={characterKeys}
            onChange={(event) => setCharacterKeys(event.target.checked)}
            data-testid="character-keys"
          />
          <span>
            Single-key shortcuts
            <span className="field-hint">
              Turn this off if you use speech input. <Keycaps keys="mod+k" /> opens the list of commands either way.
            </span>
          </span>
        </label>
        {groups.map(({ group, commands }) => (
          <section key={group}>
            <h3 className="help-title">{group}</h3>
            <dl className="help-keys">
              {commands.map(({ name, keys: all }) => (
                <Shortcut key={name} name={name} keys={all} />
              ))}
              {group === 'Rows' && rowKeys.map(([key, name]) => <Shortcut key={key} name={name} keys={[key]} />)}
            </dl>
          </section>
        ))}
        <section>
          <h3 className="help-title">Filter examples in tcpdump syntax</h3>
          <ul className="help-examples">
            {FILTER_EXAMPLES.map(([text, meaning]) => (
              <li key={text}>
                <button
                  type="button"
                  className="help-example font-mono"
                  onClick={() => {
                    onClose();
                    filter.apply(text);
                  }}
                >
                  {text}
                </button>
                <span className="text-muted">{meaning}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Sheet>
  );
}

function sameName({ name }: Command) {
  return (other: Command) => other.name === name;
}

function Shortcut({ name, keys: all }: { name: string; keys: readonly string[] }) {
  return (
    <div className="help-line">
      <dt>{name}</dt>
      <dd>
        {all.map((each) => (
          <Keycaps key={each} keys={each} />
        ))}
      </dd>
    </div>
  );
}
