'use client';

import { useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { type Command, inOrder, type KeyScope, matchKey, type ScopedCommands } from './key-bindings.ts';
import { keyOf } from './key-text.ts';
import { overlay } from './overlay.ts';

/** Time for the second of two keys. */
const SECOND_KEY_MS = 1500;
const CHARACTER_KEYS_OFF = 'packetlog-character-keys-off';

/**
 * The only listener for command keys. A control with its own use of a key calls preventDefault, and the key is ignored
 * here.
 */
class Keys {
  readonly #registered = new Set<ScopedCommands>();
  #waiting: { readonly key: string; readonly at: number } | null = null;
  readonly #listeners = new Set<() => void>();

  register(scoped: ScopedCommands): () => void {
    if (this.#registered.size === 0) window.addEventListener('keydown', this.#onKeyDown);
    this.#registered.add(scoped);
    return () => {
      this.#registered.delete(scoped);
      if (this.#registered.size === 0) window.removeEventListener('keydown', this.#onKeyDown);
    };
  }

  /** Returns the available commands, narrowest scope first, as if no dialog were open. */
  commands(): readonly Command[] {
    const outside = [...this.#registered].filter(({ scope }) => scope !== 'dialog');
    return inOrder(outside, false);
  }

  /** Whether single-key shortcuts (`d`, `/`, Space) are on. Stored in this browser. */
  get characterKeys(): boolean {
    return localStorage.getItem(CHARACTER_KEYS_OFF) === null;
  }

  set characterKeys(on: boolean) {
    if (on) localStorage.removeItem(CHARACTER_KEYS_OFF);
    else localStorage.setItem(CHARACTER_KEYS_OFF, '1');
    for (const listener of this.#listeners) listener();
  }

  readonly onSetting = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = keyOf(event, isMac());
    // An open popover closes first; the browser handles that.
    if (key === null || (key === 'escape' && document.querySelector(':popover-open') !== null)) return;
    const waited =
      this.#waiting !== null && event.timeStamp - this.#waiting.at < SECOND_KEY_MS ? this.#waiting.key : null;
    this.#waiting = null;
    // An overlay that is still loading: keys for it must not trigger page commands.
    const overlayLoading = overlay.get() !== null;
    const focus = {
      ...focusOf(event.target),
      dialog: overlayLoading || document.querySelector('dialog:modal') !== null,
      repeat: event.repeat,
      characterKeys: this.characterKeys,
    };
    const all = [...this.#registered];
    let match = matchKey(waited === null ? key : `${waited} ${key}`, all, focus);
    if (match.command === null && waited !== null) match = matchKey(key, all, focus);
    if (match.command !== null) {
      event.preventDefault();
      match.command.run();
    } else if (match.prefix) {
      event.preventDefault();
      this.#waiting = { key, at: event.timeStamp };
    }
  };
}

export const keys = new Keys();

const TEXT_FIELD =
  'textarea, select, [contenteditable="true"], input:not([type="radio"], [type="checkbox"], [type="button"], [type="range"])';
const WIDGET =
  'button, a, summary, input, [role="tab"], [role="slider"], [role="separator"], [role="option"], [role^="menuitem"], [role="columnheader"]';

function focusOf(target: EventTarget | null): { typing: boolean; widget: boolean } {
  if (!(target instanceof Element)) return { typing: false, widget: false };
  return { typing: target.closest(TEXT_FIELD) !== null, widget: target.closest(WIDGET) !== null };
}

/** Returns whether ⌘ is the command key. */
export function isMac(): boolean {
  return typeof navigator !== 'undefined' && /^(Mac|iP)/.test(navigator.platform);
}

/**
 * Registers commands while the component is mounted: keys, palette and help. They may change with each render. `rows`
 * is for a focused table, `row` for a selected row, `dialog` for a modal dialog.
 */
export function useKeys(scope: KeyScope, commands: readonly Command[]): void {
  const newest = useRef(commands);
  useLayoutEffect(() => {
    newest.current = commands;
  });
  // In the commit that draws the component: whoever sees it can press its keys.
  useLayoutEffect(
    () =>
      keys.register({
        scope,
        get commands() {
          return newest.current;
        },
      }),
    [scope],
  );
}
/** Returns the setting and its setter. */
export function useCharacterKeys(): [boolean, (on: boolean) => void] {
  const on = useSyncExternalStore(
    keys.onSetting,
    () => keys.characterKeys,
    () => true,
  );
  return [
    on,
    (next) => {
      keys.characterKeys = next;
    },
  ];
}
