import type { ReactNode } from 'react';
import { Shell } from '../shell/shell.tsx';

/** Wraps every page and stays mounted while pages change, so the connection stays open. */
export default function AppLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>;
}
