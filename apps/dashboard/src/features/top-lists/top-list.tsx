import type { ReactNode } from 'react';

/** The table of a panel: name, trend or share, rate. Its headings are for screen readers only. */
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
