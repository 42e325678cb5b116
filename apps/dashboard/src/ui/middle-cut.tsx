/** As many characters stay at the end of an address that is cut: the last two groups of most. */
const TAIL = 9;

/** A text that loses its middle where there is no room for all of it: both ends of an address tell it from others. */
export function MiddleCut({ text }: { text: string }) {
  if (text.length <= TAIL * 2) return <span className="font-mono">{text}</span>;
  return (
    <span className="middle-cut font-mono">
      <span>{text.slice(0, -TAIL)}</span>
      <span>{text.slice(-TAIL)}</span>
    </span>
  );
}
