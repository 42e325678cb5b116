import type { ReactNode } from 'react';

/** The table of a panel: who or what, a small state, and a rate. Only its rows are seen; the rest is read aloud. */
export function TopList({
  title,
  column,
  bar,
  rate,
  children,
}: {
  title: string;
  column: string;
  bar: string;
  rate: string;
  children: ReactNode;
}) {
  return (
    <table className="top">
      <caption className="sr-only">{title}</caption>
      <colgroup>
        <col />
        <col className="w-[68px]" />
        <col className="w-[66px]" />
      </colgroup>
      <thead className="sr-only">
        <tr>
          <th scope="col">{column}</th>
          <th scope="col">{bar}</th>
          <th scope="col">{rate}</th>
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
