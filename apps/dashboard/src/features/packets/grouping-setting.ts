import { StoredSetting } from '../../ui/stored-setting.ts';

/** Whether rows are grouped by conversation. */
export const groupingSetting = new StoredSetting<boolean>('packetlog-grouping', false, (stored) => stored === true);

export function toggleGrouping(): void {
  groupingSetting.value = !groupingSetting.value;
}
