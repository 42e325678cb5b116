import { StoredSetting } from '../../../ui/stored-setting.ts';
import { DEFAULT_COLUMNS, readColumnChoice } from './column-choice.ts';

/** Which columns the table has, in which order and how wide. */
export const columnSetting = new StoredSetting('packetlog-columns', DEFAULT_COLUMNS, readColumnChoice);
