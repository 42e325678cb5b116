'use client';

import { Bell, BellOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useStored } from '../../../ui/stored-setting.ts';
import { toasts } from '../../../ui/toast-store.ts';
import { notifySetting } from './notify-setting.ts';

/** Switches notifications of this browser on and off. Permission is asked when it is pressed, never before. */
export function NotifyButton() {
  const isOn = useStored(notifySetting);
  const [permission, setPermission] = useState<NotificationPermission | null>(null);
  useEffect(() => {
    if ('Notification' in window && window.isSecureContext) setPermission(Notification.permission);
  }, []);
  if (permission === null) return null;
  const notifies = isOn && permission === 'granted';
  const change = async () => {
    if (notifies) {
      notifySetting.value = false;
      return;
    }
    const given = await Notification.requestPermission();
    setPermission(given);
    notifySetting.value = given === 'granted';
    if (given === 'denied') toasts.show({ text: BLOCKED, tone: 'problem' });
  };
  const Icon = notifies ? BellOff : Bell;
  return (
    <button
      type="button"
      className="button"
      data-testid="notify"
      data-on={notifies}
      title={
        notifies
          ? 'This browser notifies of new bans and findings while this page is open'
          : 'Notifies of new bans and findings while this page is open, at most once in 10 s'
      }
      onClick={() => void change()}
    >
      <Icon size={13} aria-hidden="true" />
      <span>{notifies ? 'Stop notifying' : 'Notify me in this browser'}</span>
    </button>
  );
}

const BLOCKED = 'This browser blocks notifications of this page. Permit them in the settings of the browser.';
