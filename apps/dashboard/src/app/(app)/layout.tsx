import type { ReactNode } from 'react';
import { Shell } from '../shell/shell.tsx';

/** Around every page, and kept while the pages change: the connection, and what is always in sight. */
export default function AppLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>;
}
