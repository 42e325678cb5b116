import type { ReactNode } from 'react';

/** A list with its heading. */
export function Panel({
  name,
  minHeight,
  title,
  control,
  note,
  isEmpty,
  empty,
  children,
}: {
  name: string;
  /** Height to keep while there are fewer rows. */
  minHeight?: number;
  title: string;
  /** A choice behind the title. */
  control?: ReactNode;
  note: string;
  isEmpty: boolean;
  empty: string;
  children: ReactNode;
}) {
  return (
    <section className={`panel panel-${name}`} aria-label={title} style={{ minHeight }}>
      <div className="panel-head">
        <h2 className="panel-title">{title}</h2>
        {control}
        <p className="panel-note" title={isEmpty ? undefined : note}>
          {isEmpty ? '' : note}
        </p>
      </div>
      {isEmpty ? <p className="panel-empty">{empty}</p> : children}
    </section>
  );
}
