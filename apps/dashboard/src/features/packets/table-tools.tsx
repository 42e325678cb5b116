'use client';

import { Columns3, Layers, Palette } from 'lucide-react';
import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { MenuButton } from '../../ui/menu-button.tsx';
import { ExportButton } from '../export/index.ts';
import { toggleGrouping } from './grouping-setting.ts';
import { LearnButton } from './learn-button.tsx';

const ColumnMenu = dynamic(
  () => lazyWithRetry(() => import('./table/column-menu.tsx')).then(({ ColumnMenu }) => ColumnMenu),
  {
    ssr: false,
  },
);

const ColourMenu = dynamic(
  () => lazyWithRetry(() => import('./row-colours/colour-menu.tsx')).then(({ ColourMenu }) => ColourMenu),
  {
    ssr: false,
  },
);

/** Buttons at the end of the bar: proposed rules, grouping, colours, columns, export. */
export function TableTools({ compact, grouped }: { compact: boolean; grouped: boolean }) {
  return (
    <div className="table-tools">
      <LearnButton compact={compact} />
      <button
        type="button"
        className="button button-icon"
        aria-pressed={grouped}
        aria-keyshortcuts="v"
        aria-label="Conversations"
        title={grouped ? 'One row per packet (v)' : 'Group by conversation (v)'}
        data-testid="group-button"
        onClick={toggleGrouping}
      >
        <Layers size={14} aria-hidden="true" />
      </button>
      <MenuButton
        label="Colours of rows"
        command="Give rows colours…"
        icon={<Palette size={14} aria-hidden="true" />}
        testId="colours-button"
        wide
      >
        {() => <ColourMenu />}
      </MenuButton>
      {!compact && !grouped && (
        <MenuButton
          label="Columns"
          command="Choose the columns…"
          icon={<Columns3 size={14} aria-hidden="true" />}
          testId="columns-button"
        >
          {() => <ColumnMenu />}
        </MenuButton>
      )}
      <ExportButton />
    </div>
  );
}
