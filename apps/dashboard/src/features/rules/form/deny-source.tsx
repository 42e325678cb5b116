'use client';

import { networkOf } from './deny-choice.ts';
import { DenySheet } from './deny-sheet.tsx';

/** The sheet to deny a source of the top lists, or its network. */
export function DenySource({ addr, onClose }: { addr: string; onClose: () => void }) {
  const source = { addr, network: networkOf(addr), service: null, protocol: '', ruleId: 0 };
  return (
    <DenySheet
      subject="this source"
      note={<span className="font-mono">{addr}</span>}
      source={source}
      onClose={onClose}
      onDone={onClose}
    />
  );
}
