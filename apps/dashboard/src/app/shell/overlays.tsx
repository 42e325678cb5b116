'use client';

import type { RulesStep } from '@packetlog/common';
import { Command as CommandIcon } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type ComponentType, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useFilterCommands } from '../../features/filter/use-filter-commands.ts';
import { ADD_RULE } from '../../features/rules/change/add-rule.ts';
import { useMayChange } from '../../features/rules/change/use-rules.ts';
import { useUndo } from '../../features/rules/change/use-undo.ts';
import { lazyIfPresent } from '../../node/lazy-with-retry.ts';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { shortcutText } from '../../ui/keys/key-text.ts';
import { isMac, useKeys } from '../../ui/keys/keys.ts';
import { type OverlayName, overlay } from '../../ui/keys/overlay.ts';

interface OverlayProps {
  readonly onClose: () => void;
}

/** Loads each overlay when it is first opened; undefined if the loader no longer has the file. */
const LOADERS: Readonly<Record<OverlayName, () => Promise<ComponentType<OverlayProps> | undefined>>> = {
  palette: async () => (await lazyIfPresent(() => import('../../features/commands/palette.tsx')))?.Palette,
  export: async () => (await lazyIfPresent(() => import('../../features/export/export-sheet.tsx')))?.ExportSheet,
  help: async () => (await lazyIfPresent(() => import('../../features/commands/help-sheet.tsx')))?.HelpSheet,
  undo: async () => (await lazyIfPresent(() => import('../../features/rules/change/undo-sheet.tsx')))?.UndoSheet,
  redo: async () => (await lazyIfPresent(() => import('../../features/rules/change/undo-sheet.tsx')))?.RedoSheet,
  time: async () => (await lazyIfPresent(() => import('../../features/past/time-sheet.tsx')))?.TimeSheet,
  bookmark: async () => (await lazyIfPresent(() => import('../../features/past/bookmark-sheet.tsx')))?.BookmarkSheet,
  path: async () => (await lazyIfPresent(() => import('../../features/packet-path/path-sheet.tsx')))?.PathSheet,
};

/** Commands for the packets of a node. */
const PACKET_COMMANDS: readonly Command[] = [
  {
    keys: ['e'],
    name: 'Export packets…',
    group: 'Export',
    keywords: 'save download file csv ndjson json pcapng wireshark',
    run: () => overlay.show('export'),
  },
  {
    keys: ['w'],
    name: 'Packet path: where rows are lost',
    group: 'View',
    keywords: 'loss lost ledger counters totals honest sampled withheld',
    run: () => overlay.show('path'),
  },
];

/** Registers the commands of every page, and renders the overlay that is open. */
export function Commands({ isFleet }: { isFleet: boolean }) {
  usePalettePreload();
  const open = useSyncExternalStore(overlay.subscribe, overlay.get, () => null);
  const Open = useOverlayComponent(open);
  useFilterCommands();
  const router = useRouter();
  const mayChange = useMayChange();
  const { last, undone, undo, redo } = useUndo();
  const named = (verb: string, step: RulesStep | undefined) =>
    step === undefined ? `${verb} the last rule change` : `${verb}: ${step.what}`;
  useKeys(
    'app',
    mayChange
      ? [
          { ...ADD_RULE, run: () => router.push('/rules?add') },
          {
            keys: ['u'],
            name: named('Undo', last),
            group: 'Rules',
            keywords: 'revert rule change',
            run: undo,
          },
          { keys: ['shift+u'], name: named('Redo', undone), group: 'Rules', keywords: 'again rule change', run: redo },
        ]
      : [],
  );
  useKeys('app', isFleet ? [] : PACKET_COMMANDS);
  useKeys('app', [
    { keys: ['mod+k'], name: 'Commands', group: 'Help', hidden: true, run: () => overlay.show('palette') },
    {
      keys: ['?'],
      name: 'Keyboard shortcuts and filter examples',
      group: 'Help',
      keywords: 'help keys',
      run: () => overlay.show('help'),
    },
  ]);
  return Open === null ? null : <Open onClose={overlay.close} />;
}

/** Preloads the palette when Ctrl or ⌘ is pressed. */
function usePalettePreload() {
  useEffect(() => {
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key !== 'Control' && key !== 'Meta') return;
      window.removeEventListener('keydown', onKeyDown);
      void LOADERS.palette();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

/**
 * Returns the component; null until it has loaded. Closes an overlay that cannot be loaded, because page keys are off
 * while one is open.
 */
function useOverlayComponent(name: OverlayName | null): ComponentType<OverlayProps> | null {
  const loaded = useRef(new Map<OverlayName, ComponentType<OverlayProps>>());
  const [, redraw] = useState(0);
  useEffect(() => {
    if (name === null || loaded.current.has(name)) return;
    void LOADERS[name]().then((component) => {
      if (component !== undefined) loaded.current.set(name, component);
      else if (overlay.get() === name) overlay.close();
      redraw((count) => count + 1);
    });
  }, [name]);
  return name === null ? null : (loaded.current.get(name) ?? null);
}

/** Opens the palette by mouse or touch. */
export function PaletteButton() {
  const [keyText, setKeyText] = useState('Ctrl K');
  useEffect(() => setKeyText(shortcutText('mod+k', isMac())), []);
  return (
    <button
      type="button"
      className="button button-icon"
      aria-label="Commands"
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K Meta+K"
      title={`Commands (${keyText})`}
      data-testid="palette-button"
      onPointerEnter={() => void LOADERS.palette()}
      onClick={() => overlay.show('palette')}
    >
      <CommandIcon size={14} aria-hidden="true" />
    </button>
  );
}
