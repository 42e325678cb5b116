import { type ReactNode, useId } from 'react';

/** A part of the page with its title, a short note beside it, and what can be done. */
export function Section({
  title,
  note = '',
  tools,
  children,
}: {
  title: string;
  note?: string;
  tools?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="defence-section" aria-labelledby={id} data-section={title.toLowerCase()}>
      <header className="defence-section-head">
        <h3 id={id} className="defence-title">
          {title}
        </h3>
        {note !== '' && <p className="text-muted">{note}</p>}
        {tools !== undefined && <div className="defence-tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
