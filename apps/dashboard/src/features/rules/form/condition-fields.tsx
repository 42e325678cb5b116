import { useId, useState } from 'react';
import { TextField } from '../../../ui/text-field.tsx';
import { hasConditions } from './condition-form.ts';
import type { FieldsProps } from './rule-form.ts';
import './condition-fields.css';

/** Fields that few rules need, behind a button unless one of them has a value. */
export function ConditionFields({ form, set, problemOf }: FieldsProps) {
  const [opened, setOpened] = useState(hasConditions(form));
  const id = useId();
  const isOpen = opened || hasConditions(form);
  return (
    <div>
      {!hasConditions(form) && (
        <button
          type="button"
          className="link-button"
          aria-expanded={isOpen}
          {...(isOpen && { 'aria-controls': id })}
          onClick={() => setOpened(!opened)}
        >
          {isOpen ? 'Fewer conditions' : 'More conditions'}
        </button>
      )}
      {isOpen && (
        <div id={id} className="condition-fields">
          <div className="fields-row">
            <TextField
              label="Destination"
              name="destination"
              mono
              value={form.destination}
              onChange={(destination) => set({ destination })}
              placeholder="any, 192.0.2.2"
              problem={problemOf('destination')}
            />
            <TextField
              label="Frame length"
              name="length"
              mono
              value={form.length}
              onChange={(length) => set({ length })}
              placeholder="any, 1400-65535"
              problem={problemOf('length')}
            />
          </div>
          <TextField
            label="TCP flags"
            name="tcp_flags"
            mono
            value={form.tcp_flags}
            onChange={(tcp_flags) => set({ tcp_flags })}
            placeholder="any"
            hint="With the protocol tcp: syn,!ack is SYN without ACK, none is no flag"
            problem={problemOf('tcp_flags')}
            suggestions={['none', 'syn', 'syn,!ack', 'fin,psh,urg']}
          />
          <label className="condition-check">
            <input type="checkbox" checked={form.fragment} onChange={() => set({ fragment: !form.fragment })} />
            Only fragments after the first, which have no ports
          </label>
        </div>
      )}
    </div>
  );
}
