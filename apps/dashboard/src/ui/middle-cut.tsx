/** Characters that stay at the end of a cut address: the last two groups of most. */
const TAIL = 9;

/** Cuts a text in its middle, because both ends of an address identify it. */
export function MiddleCut({ text }: { text: string }) {
  if (text.length <= TAIL * 2) return <span className="font-mono">{text}</span>;
  return (
    <span className="middle-cut font-mono">
      <span>{text.slice(0, -TAIL)}</span>
      <span>{text.slice(-TAIL)}</span>
    </span>
  );
}
