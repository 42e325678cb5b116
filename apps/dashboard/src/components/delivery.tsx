'use client';

import { useSnapshot } from '../live/live-context.tsx';
import { Count } from './count.tsx';

/** What became of the rows on their way from the kernel's ring to this page. */
export function Delivery() {
  const hello = useSnapshot(({ figures }) => figures.hello);
  const received = useSnapshot(({ figures }) => figures.received);
  const withheld = useSnapshot(({ figures }) => figures.withheld);
  const loss = useSnapshot(({ figures }) => figures.loss);
  const lostBatches = useSnapshot(({ figures }) => figures.lostBatches);
  const badMessages = useSnapshot(({ figures }) => figures.badMessages);
  if (hello === null) return null;
  const entries = [
    { label: 'rows received', value: received, title: 'Rows of this connection that reached this page', bad: '' },
    {
      label: 'withheld',
      value: withheld,
      title: 'Rows not sent, because the page was paused or asked for fewer: no loss',
      bad: '',
    },
    {
      label: 'lost in loader',
      value: loss.queue,
      title: 'Rows lost between the reader and the server of the loader',
      bad: LOST,
    },
    {
      label: 'lost to page',
      value: loss.page,
      title: 'Rows lost because this page or the way to it was too slow',
      bad: LOST,
    },
    ...(lostBatches > 0
      ? [{ label: 'lost batches', value: lostBatches, title: 'Messages whose numbers were left out', bad: LOST }]
      : []),
    ...(badMessages > 0
      ? [
          {
            label: 'not understood',
            value: badMessages,
            title: 'Messages from the loader that this page could not read',
            bad: 'text-malformed',
          },
        ]
      : []),
  ];
  return (
    <section className="delivery" aria-label="Delivery to this page">
      <dl>
        {entries.map(({ label, value, title, bad }) => (
          <div key={label} title={title}>
            <dt>{label}</dt>
            <dd>
              <span className={value === 0 ? 'text-faint' : bad}>
                <Count value={value} />
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const LOST = 'text-lost hatched';
