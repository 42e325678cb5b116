export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'packetlog-theme';
const LIGHT = '(prefers-color-scheme: light)';

/**
 * Runs in the head before the first paint and any module: sets the theme, so that it does not flash, and disables zod's
 * compiled parsers, which violate the page's content security policy.
 */
export const BOOT_SCRIPT = `(()=>{globalThis.__zod_globalConfig={jitless:true};let t=null;try{t=localStorage.getItem('${KEY}')}catch{}
document.documentElement.dataset.theme=t==='dark'||t==='light'?t:matchMedia('${LIGHT}').matches?'light':'dark'})()`;

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  const settled = theme === 'system' ? (matchMedia(LIGHT).matches ? 'light' : 'dark') : theme;
  document.documentElement.dataset['theme'] = settled;
}

/** Follows the system's theme while none is chosen. Returns a function that stops it. */
export function followSystemTheme(): () => void {
  const query = matchMedia(LIGHT);
  query.addEventListener('change', applyTheme);
  return () => query.removeEventListener('change', applyTheme);
}
