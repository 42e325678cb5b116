import { StoredSetting } from '../../../ui/stored-setting.ts';
import { DEFAULT_COLUMNS, readColumnChoice } from './column-choice.ts';

/** Columns of the table, their order and widths. */
export const columnSetting = new StoredSetting('packetlog-columns', DEFAULT_COLUMNS, readColumnChoice);
