// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { TextField } from '../../../ui/text-field.tsx';
import type { FieldsProps } from './rule-form.ts';

/** What a limit counts together, how much at once, and what follows. Empty fields have the usual values. */
export function LimitBucketFields({ form, set, problemOf }: FieldsProps) {
  return (
    <>
      <div className="fields-row">
        <TextField
          label="Bucket"
          name="per"
          mono
          value={form.per}
          onChange={(per) => set({ per })}
          placeholder="source"
          hint="What is counted together"
          problem={problemOf('per')}
          suggestions={['source', 'source/24', 'port', 'rule']}
        />
        <TextField
          label="Burst"
          name="burst"
          mono
          inputMode="numeric"
          value={form.burst}
          onChange={(burst) => set({ burst })}
          placeholder="as the rate"
          hint="How many at once"
          problem={problemOf('burst')}
        />
      </div>
      <TextField
        label="Then"
        name="then"
        mono
        value={form.then}
        onChange={(then) => set({ then })}
        placeholder="nothing"
        hint="What follows when a bucket is over: block:60s, or ban:1h..24h if connections are measured. Empty: nothing more"
        problem={problemOf('then')}
        suggestions={['block:60s', 'block:10m', 'ban:1h..24h']}
      />
    </>
  );
}
