import { StoredSetting } from '../../../ui/stored-setting.ts';

/** Whether this browser notifies of bans and findings while the page is open. */
export const notifySetting = new StoredSetting('packetlog-notify', false, (stored) =>
  typeof stored === 'boolean' ? stored : null,
);
