import { useMemo } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { useStored } from '../../../ui/stored-setting.ts';
import { compileColourRules, type Paint } from './colour-rules.ts';
import { colourSetting } from './colour-setting.ts';

/** Returns the function that colours rows; null without colour rules. */
export function usePaint(): Paint | null {
  const { state } = useLive().store;
  const rules = useStored(colourSetting);
  // Filters may name interfaces, which come and go.
  const names = useSnapshot(({ figures }) =>
    figures.interfaces.map(({ name, ifindex }) => `${name} ${ifindex}`).join(),
  );
  return useMemo(() => {
    void names;
    return compileColourRules(rules, { indexesOf: (name) => state.indexesOf(name) });
  }, [state, rules, names]);
}
