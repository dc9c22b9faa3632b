'use client';

import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useEffect, useState } from 'react';
import { createQueryClient } from './api/query-client.ts';
import { keepFocus } from './keep-focus.ts';
import { LiveProvider } from './live-provider.tsx';
import { cssVariables, theme } from './theme.ts';

/** Everything that pages take for granted: theme, dialogs, notices, the query cache and the live stream. */
export function AppProviders({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  useEffect(keepFocus, []);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <NuqsAdapter>
          <LiveProvider>
            <ModalsProvider>{children}</ModalsProvider>
          </LiveProvider>
        </NuqsAdapter>
      </QueryClientProvider>
      <Notifications position="bottom-right" />
    </MantineProvider>
  );
}
