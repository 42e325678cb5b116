'use client';

import { Columns3 } from 'lucide-react';
import dynamic from 'next/dynamic';
import { MenuButton } from './menu-button.tsx';

const ColumnMenu = dynamic(() => import('./column-menu.tsx').then(({ ColumnMenu }) => ColumnMenu), { ssr: false });

/** At the end of the bar: how the table looks. */
export function TableTools({ compact }: { compact: boolean }) {
  return (
    <div className="table-tools">
      {!compact && (
        <MenuButton label="Columns" icon={<Columns3 size={14} aria-hidden="true" />} testId="columns-button">
          {() => <ColumnMenu />}
        </MenuButton>
      )}
    </div>
  );
}
