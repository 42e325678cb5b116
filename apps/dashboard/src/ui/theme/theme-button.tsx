'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useKeys } from '../keys/keys.ts';
import { chooseTheme, chosenTheme, followSystemTheme, THEMES, type Theme } from './theme.ts';

const ICONS = { system: Monitor, dark: Moon, light: Sun };
const LABELS = { system: 'system', dark: 'dark', light: 'light' };

/** Cycles through three themes. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => {
    setTheme(chosenTheme());
    return followSystemTheme();
  }, []);
  const choose = (to: Theme) => {
    chooseTheme(to);
    setTheme(to);
  };
  useKeys(
    'app',
    THEMES.filter((each) => each !== theme).map((each) => ({
      keys: [],
      name: `Theme: ${LABELS[each]}`,
      group: 'View',
      keywords: 'colours night day',
      run: () => choose(each),
    })),
  );
  const Icon = ICONS[theme];
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const label = `Theme: ${LABELS[theme]}. Change to ${LABELS[next]}`;
  return (
    <button
      type="button"
      className="button button-icon"
      data-testid="theme-button"
      aria-label={label}
      title={label}
      onClick={() => choose(next)}
    >
      <Icon size={14} aria-hidden="true" />
    </button>
  );
}
