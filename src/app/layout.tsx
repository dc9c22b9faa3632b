import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import 'mantine-datatable/styles.layer.css';
import './globals.css';
import { ColorSchemeScript, mantineHtmlProps } from '@mantine/core';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { AppProviders } from '#components/app-providers.tsx';
import { Shell } from '#components/shell.tsx';
import { findPageRole } from '#server/auth/page-account.ts';
import { FirstPaint, type FirstRead, readAccount, readSummary } from './first-paint.tsx';

export const metadata: Metadata = {
  title: { default: 'EKO Lead Generator', template: '%s · EKO Lead Generator' },
  description: 'Polite, traceable lead scraping.',
  robots: { index: false, follow: false },
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en-US" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" />
      </head>
      <body>
        <AppProviders>
          <FirstPaint reads={await readsOfFrame()}>
            <Shell>{children}</Shell>
          </FirstPaint>
        </AppProviders>
      </body>
    </html>
  );
}

/**
 * What the frame around the pages shows. Nothing for strangers; and nothing while the database is away, since a frame
 * without figures still leads somewhere.
 */
async function readsOfFrame(): Promise<FirstRead[]> {
  const role = await findPageRole().catch(() => null);
  return role === null ? [] : [readSummary(), readAccount(role)];
}
