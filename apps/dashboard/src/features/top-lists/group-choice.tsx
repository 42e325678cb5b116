'use client';

import { useRecorder } from '../../node/recorded/use-recorder.ts';
import { useHasPlaces } from '../../node/use-lookups.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { GROUPING_TEXT, GROUPINGS, type Grouping, groupingProblem, groupingSetting } from './source-grouping.ts';

const choose = (next: Grouping) => {
  groupingSetting.value = next;
};

/** Chooses what the list of sources has a row for, also from the palette. */
export function GroupChoice({ grouping }: { grouping: Grouping }) {
  const [recorder, hasPlaces] = [useRecorder(), useHasPlaces()];
  const choices = GROUPINGS.map((value) => ({ value, problem: groupingProblem(value, recorder, hasPlaces) }));
  useKeys(
    'page',
    choices
      .filter(({ value, problem }) => problem === null && value !== grouping)
      .map(({ value }) => ({
        keys: [],
        name: `Top sources by ${GROUPING_TEXT[value].name}`,
        group: 'View',
        keywords: 'group prefix asn autonomous system geoip list',
        run: () => choose(value),
      })),
  );
  return (
    <select
      className="top-group"
      aria-label="Group the sources"
      title="One row for each address, network, AS or country"
      data-testid="source-grouping"
      value={grouping}
      onChange={(event) => choose(event.target.value as Grouping)}
    >
      {choices.map(({ value, problem }) => (
        <option key={value} value={value} disabled={problem !== null}>
          {`by ${GROUPING_TEXT[value].name}${problem === null ? '' : ` (${problem})`}`}
        </option>
      ))}
    </select>
  );
}
