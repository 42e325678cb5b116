import { StoredSetting } from '../../../ui/stored-setting.ts';
import { type ColourRules, NO_COLOUR_RULES, readColourRules } from './colour-rules.ts';

/** Which rows have a colour. */
export const colourSetting = new StoredSetting<ColourRules>('packetlog-colours', NO_COLOUR_RULES, readColourRules);
