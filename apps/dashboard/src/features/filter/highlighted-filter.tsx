import { highlightFilter } from '@packetlog/common';

/** The text of a filter in parts by kind, which the style sheet colours. Errors are marked only if `wrong` is true. */
export function HighlightedFilter({ text, wrong }: { text: string; wrong: boolean }) {
  const parts: { text: string; kind: string; at: number }[] = [];
  let at = 0;
  for (const { from, to, kind } of highlightFilter(text)) {
    if (from > at) parts.push({ text: text.slice(at, from), kind: '', at });
    parts.push({ text: text.slice(from, to), kind, at: from });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), kind: '', at });
  return parts.map((part) => (
    <span key={part.at} data-kind={part.kind === 'error' && !wrong ? '' : part.kind}>
      {part.text}
    </span>
  ));
}
