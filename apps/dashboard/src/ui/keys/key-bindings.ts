/** Maps key presses to commands. */
import { isCharacterKey } from './key-text.ts';

/** From widest to narrowest; narrower scopes win. While a modal dialog is open only `dialog` counts. */
export const KEY_SCOPES = ['app', 'page', 'rows', 'row', 'dialog'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** Groups in the order of the palette and the help. */
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

/** A command, run by key or from the palette. */
export interface Command {
  /** Keys as in key-text.ts; without keys it is only in the palette. */
  readonly keys: readonly string[];
  /** What it does: "Pause the rows". Unique. */
  readonly name: string;
  readonly group: CommandGroup;
  readonly run: () => void;
  /** Extra words that a query in the palette can match. */
  readonly keywords?: string;
  /** Repeats while the key is held down. */
  readonly repeat?: boolean;
  /** Also in text fields; keys with `mod+` always are. */
  readonly inFields?: boolean;
  /** Only by key, not in the palette. */
  readonly hidden?: boolean;
}

export interface ScopedCommands {
  readonly scope: KeyScope;
  readonly commands: readonly Command[];
}

/** Where a key was pressed. */
export interface Focus {
  /** In a text field. */
  readonly typing: boolean;
  /** On a control that uses Space, Enter and arrow keys itself. */
  readonly widget: boolean;
  readonly dialog: boolean;
  readonly repeat: boolean;
  /** Whether single-key shortcuts are on. */
  readonly characterKeys: boolean;
}

export interface KeyMatch {
  /** The command to run. */
  readonly command: Command | null;
  /** Whether this may be the first of two keys. */
  readonly prefix: boolean;
}

const WIDGET_KEYS = /^(space|enter|arrow\w+|home|end|pageup|pagedown)$/;

/** Returns the command for `pressed`: one key, or two with a space between them. */
export function matchKey(pressed: string, all: readonly ScopedCommands[], focus: Focus): KeyMatch {
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

/** Returns commands by scope, narrowest first; within a scope, newest first. */
export function inOrder(all: readonly ScopedCommands[], dialog: boolean): readonly Command[] {
  const scopes = dialog ? (['dialog'] as const) : KEY_SCOPES.toReversed();
  const newestFirst = all.toReversed();
  return scopes.flatMap((scope) => newestFirst.filter((each) => each.scope === scope).flatMap((each) => each.commands));
}
