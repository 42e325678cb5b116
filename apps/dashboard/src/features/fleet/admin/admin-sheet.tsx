'use client';

import type { FleetView } from '../../../node/fleet/hub.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { Tabs } from '../../../ui/tabs.tsx';
import { AuditList } from './audit-list.tsx';
import { JoinTokens } from './join-tokens.tsx';
import { People } from './people.tsx';
import './admin-sheet.css';

/** For administrators of the fleet: people, join tokens, and who did what. */
export function AdminSheet({ fleet, onClose }: { fleet: FleetView; onClose: () => void }) {
  return (
    <Sheet title="Fleet" note={`Hub ${fleet.hello.hub}: you are ${fleet.hello.person}`} wide onClose={onClose}>
      <Tabs
        label="What to administer"
        tabs={[
          { id: 'fleet-people', label: 'People', content: <People fleet={fleet} /> },
          { id: 'fleet-tokens', label: 'Join tokens', content: <JoinTokens fleet={fleet} /> },
          { id: 'fleet-audit', label: 'Log', content: <AuditList nowMs={fleet.nowMs} /> },
        ]}
      />
    </Sheet>
  );
}
