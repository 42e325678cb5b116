import type { FilterOption } from '@packetlog/common';

/** Suggestions below the filter. The input keeps the focus and names the chosen one by its id. */
export function SuggestionList({
  id,
  options,
  chosen,
  onTake,
}: {
  /** Prefix of the ids. */
  id: string;
  options: readonly FilterOption[];
  chosen: number | null;
  onTake: (option: FilterOption) => void;
}) {
  return (
    <div id={`${id}-options`} role="listbox" aria-label="Suggestions" className="filter-options">
      {options.map((option, i) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active one
        // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter in the input
        <div
          key={option.text}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === chosen}
          className="filter-option"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(option)}
        >
          <span className="font-mono">{option.text}</span>
          <span className="filter-detail">{option.detail}</span>
        </div>
      ))}
    </div>
  );
}
