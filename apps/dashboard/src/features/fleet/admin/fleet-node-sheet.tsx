'use client';

import type { FleetNode } from '@packetlog/common/fleet';
import { type ReactNode, useState } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { momentText } from '../../../text/calendar-text.ts';
import { spanText } from '../../../text/clock.ts';
import { counted, formatCount } from '../../../text/number.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { useDo, useOpenNode } from '../hub/use-fleet.ts';
import { generationText, mayChangeRules, rulesStateOf } from '../text/generation-text.ts';
import { alarmText, type CellText, dataText, modesText, recorderText } from '../text/node-cells.ts';
import { TONE } from '../text/tone.ts';
import './admin-sheet.css';

/** What the hub knows of a node; for administrators also its name, group and key. */
export function FleetNodeSheet({ name, fleet, onClose }: { name: string; fleet: FleetView; onClose: () => void }) {
  const open = useOpenNode();
  const act = useDo();
  const node = fleet.nodes.find((each) => each.name === name);
  const { hello, nowMs } = fleet;
  if (node === undefined) {
    return (
      <Sheet title={name} onClose={onClose}>
        <p className="sheet-body">This node is no longer in the fleet: it was renamed or revoked.</p>
      </Sheet>
    );
  }
  return (
    <Sheet title={name} note={`Group ${node.group}`} onClose={onClose}>
      <div className="sheet-body">
        <Facts node={node} nowMs={nowMs} />
        {rulesStateOf(node) === 'drift' && mayChangeRules(hello.role, node.group) && (
          <button
            type="button"
            className="button self-start"
            onClick={() => void act('repair', { node: name }, `${name} was repaired.`)}
          >
            Repair: put the group’s rules in force again
          </button>
        )}
        {hello.role.kind === 'admin' && <Administration key={name} node={node} onGone={onClose} />}
      </div>
      <footer className="sheet-foot">
        <button
          type="button"
          className="button button-primary push"
          onClick={() => {
            onClose();
            open(name);
          }}
        >
          Open its Live page
        </button>
      </footer>
    </Sheet>
  );
}

function Facts({ node, nowMs }: { node: FleetNode; nowMs: number }) {
  const { report, joined_at_ms, key } = node;
  return (
    <dl className="fleet-facts">
      <Fact name="data">
        <Text cell={dataText(node, nowMs)} />
      </Fact>
      {report !== undefined && (
        <>
          <Fact name="version">
            <span className="font-mono">{report.version}</span>, started {spanText(nowMs - report.started_at_ms)} ago
          </Fact>
          <Fact name="interfaces">
            {report.interfaces
              .map(
                ({ name, mode, state }) =>
                  `${name} ${state === 'attached' ? mode.replace('_frags', '') : 'not filtered'}`,
              )
              .join(', ') || modesText(report).text}
          </Fact>
          <Fact name="seen">{counted(report.ledger.seen, 'packet')} since the start</Fact>
          <Fact name="permitted">{formatCount(report.ledger.permitted)}</Fact>
          <Fact name="denied">{formatCount(report.ledger.denied)}</Fact>
          <Fact name="not recorded">{formatCount(report.ledger.filtered_out + report.ledger.sampled_out)}</Fact>
          <Fact name="lost">
            {counted(report.ledger.ring_full, 'record')}
            {report.ledger.ring_full > 0 && ': a ring was full'}
          </Fact>
          <Fact name="group’s rules">
            <Text cell={generationText(node, nowMs)} />
            <span className="text-muted whitespace-pre-line"> {generationText(node, nowMs).title}</span>
          </Fact>
          <Fact name="recorder">
            <Text cell={recorderText(report)} />{' '}
            {report.ship !== undefined && <span className="text-muted">{recorderText(report).title}</span>}
          </Fact>
          <Fact name="last alarm">
            {report.alarm === undefined ? 'none since its start' : <Text cell={alarmText(report, nowMs)} />}
          </Fact>
        </>
      )}
      <Fact name="joined">{momentText(joined_at_ms, nowMs)}</Fact>
      <Fact name="key">
        <span className="font-mono" title="The first 16 digits of the SHA-256 of its public key">
          {key}
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Text({ cell: { text, tone } }: { cell: CellText }) {
  return <span className={TONE[tone]}>{text}</span>;
}

function Administration({ node: { name, group }, onGone }: { node: FleetNode; onGone: () => void }) {
  const act = useDo();
  const [newName, setName] = useState(name);
  const [newGroup, setGroup] = useState(group);
  const [isSure, setSure] = useState(false);
  const rename = async () => {
    if (await act('rename', { node: name, to: newName.trim() }, `${name} is now ${newName.trim()}.`)) onGone();
  };
  const revoke = async () => {
    if (await act('revoke', { node: name }, `${name} was revoked.`)) onGone();
  };
  return (
    <section className="fleet-form" aria-label="Administration">
      <TextField label="Name" name="node-name" value={newName} onChange={setName} maxLength={63} />
      <button
        type="button"
        className="button self-start"
        disabled={newName.trim() === name}
        onClick={() => void rename()}
      >
        Rename
      </button>
      <TextField label="Group" name="node-group" value={newGroup} onChange={setGroup} maxLength={63} />
      <button
        type="button"
        className="button self-start"
        disabled={newGroup.trim() === group}
        onClick={() => void act('move', { node: name, group: newGroup.trim() }, `${name} moved to ${newGroup.trim()}.`)}
      >
        Move to this group
      </button>
      <p className="text-muted">
        Revoking removes the node: the hub no longer accepts its key. It keeps enforcing its rules.
      </p>
      {isSure ? (
        <button type="button" className="button button-danger self-start" onClick={() => void revoke()}>
          Revoke {name} now
        </button>
      ) : (
        <button type="button" className="button self-start" onClick={() => setSure(true)}>
          Revoke…
        </button>
      )}
    </section>
  );
}
