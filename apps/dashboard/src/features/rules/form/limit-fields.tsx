import { Segments } from '../../../ui/segments.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { LimitBucketFields } from './limit-bucket-fields.tsx';
import type { FieldsProps } from './rule-form.ts';

const MEASURES = [
  { value: 'packets', label: 'packets', title: 'Counts packets' },
  { value: 'bytes', label: 'bytes', title: 'Counts bytes of frames' },
  { value: 'syn', label: 'SYN', title: 'Counts attempts to open a TCP connection' },
  { value: 'connections', label: 'connections', title: 'Counts TCP connections that the kernel verified' },
  { value: 'ports', label: 'ports', title: 'Counts distinct destination ports, at most 24' },
] as const;

const ENFORCE = [
  { value: 'observe', label: 'observe', title: 'Packets over the limit are permitted and marked' },
  { value: 'enforce', label: 'enforce', title: 'Packets over the limit are denied. Reverts unless you confirm it' },
] as const;

/** The fields of a limit. */
export function LimitFields({ form, set, problemOf }: FieldsProps) {
  return (
    <>
      <TextField
        label="Rate"
        name="rate"
        mono
        value={form.rate}
        onChange={(rate) => set({ rate })}
        placeholder="20/min"
        hint="For each bucket: 20/min, 1000/s, 10M/s"
        problem={problemOf('rate')}
      />
      <Segments label="Measure" segments={MEASURES} value={form.measure} onChange={(measure) => set({ measure })} />
      <LimitBucketFields form={form} set={set} problemOf={problemOf} />
      <Segments
        label="Over the limit"
        segments={ENFORCE}
        value={form.enforce}
        onChange={(enforce) => set({ enforce })}
      />
    </>
  );
}
