import { KeptChoice } from '../../ui/stored-setting.ts';
import { type ColourRules, NO_COLOUR_RULES, readColourRules } from './row-colours/colour-rules.ts';
import { DEFAULT_COLUMNS, readColumnChoice } from './table/column-choice.ts';

/** What somebody chose about the table of packets. */
export const columnChoice = new KeptChoice('packetlog-columns', DEFAULT_COLUMNS, readColumnChoice);

/** Whether rows are put together into conversations. */
export const groupingChoice = new KeptChoice<boolean>('packetlog-grouping', false, (kept) => kept === true);

/** Which rows have a colour. */
export const colourRules = new KeptChoice<ColourRules>('packetlog-colours', NO_COLOUR_RULES, readColourRules);
