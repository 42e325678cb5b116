/** Which command a key press means, as plain values. */
import { isCharacterKey } from './key-text.ts';

/** From the widest to the narrowest: what is narrower wins. While a modal dialog is open only `dialog` counts. */
export const KEY_SCOPES = ['app', 'page', 'rows', 'row', 'dialog'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** In the order of the palette and of the help. */
export const COMMAND_GROUPS = [
  'Rows',
  'Packet',
  'Filter',
  'Time',
  'Rules',
  'Export',
  'Pages',
  'Nodes',
  'View',
  'Help',
] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** Something that can be done now: from the keyboard, and from the palette. */
export interface Command {
  /** As key-text.ts writes them; none: only in the palette. */
  readonly keys: readonly string[];
  /** What it does, as one would say it: "Pause the rows". Names are unique. */
  readonly name: string;
  readonly group: CommandGroup;
  readonly run: () => void;
  /** More words by which the palette finds it. */
  readonly keywords?: string;
  /** Also while the key is held down. */
  readonly repeat?: boolean;
  /** Also while somebody types in a field; keys with `mod+` always do. */
  readonly inFields?: boolean;
  /** Known by the key only: not in the palette. */
  readonly hidden?: boolean;
}

export interface ScopedCommands {
  readonly scope: KeyScope;
  readonly commands: readonly Command[];
}

/** Where the key was pressed. */
export interface Focus {
  /** In a field where characters are text. */
  readonly typing: boolean;
  /** On something that has its own use for Space, Enter and the arrows. */
  readonly widget: boolean;
  readonly dialog: boolean;
  readonly repeat: boolean;
  /** Whether keys that are characters do anything. */
  readonly characterKeys: boolean;
}

export interface Meant {
  /** To be run. */
  readonly command: Command | null;
  /** The first of two keys: wait for the other. */
  readonly prefix: boolean;
}

const WIDGET_KEYS = /^(space|enter|arrow\w+|home|end|pageup|pagedown)$/;

/** `pressed`: one key, or the one that waits and this one, with a space between. */
export function meantBy(pressed: string, all: readonly ScopedCommands[], focus: Focus): Meant {
  let prefix = false;
  for (const command of inOrder(all, focus.dialog)) {
    for (const keys of command.keys) {
      if (!mayFire(keys, command, focus)) continue;
      if (keys === pressed) return { command, prefix: false };
      prefix ||= keys.startsWith(`${pressed} `);
    }
  }
  return { command: null, prefix };
}

function mayFire(keys: string, { repeat = false, inFields = false }: Command, focus: Focus): boolean {
  if (focus.repeat && !repeat) return false;
  if (focus.typing && !inFields && !keys.startsWith('mod+')) return false;
  if (focus.widget && WIDGET_KEYS.test(keys)) return false;
  return focus.characterKeys || !isCharacterKey(keys);
}

/** The narrowest first, and of one scope the newest first. */
export function inOrder(all: readonly ScopedCommands[], dialog: boolean): readonly Command[] {
  const scopes = dialog ? (['dialog'] as const) : KEY_SCOPES.toReversed();
  const newestFirst = all.toReversed();
  return scopes.flatMap((scope) => newestFirst.filter((each) => each.scope === scope).flatMap((each) => each.commands));
}
