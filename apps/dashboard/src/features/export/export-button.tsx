'use client';

import { Download } from 'lucide-react';
import { overlay } from '../../ui/keys/overlay.ts';

export function ExportButton() {
  return (
    <button
      type="button"
      className="button button-icon"
      aria-label="Export packets…"
      aria-haspopup="dialog"
      aria-keyshortcuts="e"
      title="Export packets (e)"
      data-testid="export-button"
      onClick={() => overlay.show('export')}
    >
      <Download size={13} aria-hidden="true" />
    </button>
  );
}
