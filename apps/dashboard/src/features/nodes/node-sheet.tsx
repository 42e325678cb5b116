'use client';

import { useState } from 'react';
import { hostOf } from '../../node/connection/node-name.ts';
import { useLive } from '../../node/live-context.tsx';
import { Sheet } from '../../ui/sheet.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { toasts } from '../../ui/toast-store.ts';
import { type NodeForm, readNodeForm } from './node-form.ts';

/** Adds, edits or removes a node. `address` is '' for a new one. */
export function NodeSheet({ address, onClose }: { address: string; onClose: () => void }) {
  const { nodes } = useLive();
  const saved = nodes.saved.find(({ loader }) => loader === address);
  const [form, setForm] = useState<NodeForm>({ address, token: '', name: saved?.name ?? '' });
  const [problem, setProblem] = useState<{ field: keyof NodeForm; sentence: string } | null>(null);
  const set = (field: keyof NodeForm) => (value: string) => {
    setForm({ ...form, [field]: value });
    setProblem(null);
  };
  const of = (field: keyof NodeForm) => (problem?.field === field ? problem.sentence : '');
  const save = () => {
    const taken = nodes.get().loaders.flatMap((each) => (each.address === address ? [] : [each.address]));
    // An empty token field keeps the stored token, which is never shown.
    const token = form.token.trim() || (form.address.trim() === address ? (saved?.token ?? '') : '');
    const result = readNodeForm({ ...form, token }, taken, location);
    if (!result.ok) return setProblem(result);
    const { node } = result;
    const adminToken =
      node.adminToken ?? (node.loader === address && form.token === '' ? (saved?.adminToken ?? null) : null);
    nodes.save({ ...node, adminToken }, saved?.loader);
    onClose();
  };
  const remove = () => {
    nodes.remove(address);
    toasts.show({ text: `${saved?.name || hostOf(address)} was removed with its token.`, tone: 'done' });
    onClose();
  };
  return (
    <Sheet
      title={saved === undefined ? 'Add a node' : 'Edit a node'}
      note="Address and token stay in this browser. They are never part of a link."
      onClose={onClose}
    >
      <form
        className="sheet-form"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div className="sheet-body">
          <TextField
            label="Address"
            name="node-address"
            mono
            inputMode="url"
            placeholder="http://web-2:7411"
            hint="Where its loader listens. You can paste the whole URL that packetlog printed there."
            value={form.address}
            onChange={set('address')}
            problem={of('address')}
          />
          <TextField
            label="Token"
            name="node-token"
            mono
            secret
            hint={
              saved === undefined ? 'Printed there when packetlog started.' : 'Leave empty to keep the stored token.'
            }
            value={form.token}
            onChange={set('token')}
            problem={of('token')}
          />
          <TextField
            label="Name"
            name="node-name"
            hint="The name on this page. By default, the name that the loader reports."
            maxLength={64}
            value={form.name}
            onChange={set('name')}
            problem={of('name')}
          />
          <div className="node-needs">
            <p>Both loaders need an option:</p>
            <dl>
              <dt>the other loader accepts this page</dt>
              <dd>
                <code>--allow-origin {typeof location === 'undefined' ? '' : location.origin}</code>
              </dd>
              <dt>the loader that serves this page allows the connection</dt>
              <dd>
                <code>--allow-node http://web-2:7411</code>
              </dd>
            </dl>
            <p className="text-faint">
              The second is not needed for nodes reached through localhost, such as an SSH tunnel.
            </p>
          </div>
        </div>
        <footer className="sheet-foot">
          {saved !== undefined && (
            <button type="button" className="button button-danger" onClick={remove}>
              Remove
            </button>
          )}
          <button type="submit" className="button button-primary" data-testid="save-node">
            {saved === undefined ? 'Add' : 'Save'}
          </button>
        </footer>
      </form>
    </Sheet>
  );
}
