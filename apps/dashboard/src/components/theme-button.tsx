'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, useState } from 'react';
import { chooseTheme, chosenTheme, followSystemTheme, THEMES, type Theme } from '../live/theme.ts';

const ICONS = { system: Monitor, dark: Moon, light: Sun };
const WORDS = { system: 'as the system', dark: 'dark', light: 'light' };

/** One button, three choices: each press goes to the next. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => {
    setTheme(chosenTheme());
    return followSystemTheme();
  }, []);
  const Icon = ICONS[theme];
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const label = `Theme: ${WORDS[theme]}. Change to ${WORDS[next]}`;
  return (
    <button
      type="button"
      className="button button-icon"
      data-testid="theme-button"
      aria-label={label}
      title={label}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    >
      <Icon size={14} aria-hidden="true" />
    </button>
  );
}
