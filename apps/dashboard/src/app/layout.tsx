import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { BOOT_SCRIPT } from '../ui/theme/theme.ts';
import { fontClasses } from './fonts/fonts.ts';
import './globals.css';

export const metadata: Metadata = {
  title: 'PacketLog',
  description: 'Every packet that reaches this server, live.',
  robots: { index: false, follow: false },
  referrer: 'no-referrer',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'dark light' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The boot script sets data-theme before React hydrates the document.
    <html lang="en" className={fontClasses} suppressHydrationWarning>
      <head>
        <script id="boot" dangerouslySetInnerHTML={{ __html: BOOT_SCRIPT }} />
      </head>
      <body>{children}</body>
    </html>
  );
}
