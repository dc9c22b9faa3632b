'use client';

import { Alert, Button, Code, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { BrandMark } from '#components/brand.tsx';
import { ColorSchemeMenu } from '#components/color-scheme-menu.tsx';
import classes from './sign-in-panel.module.css';
import { useSignIn } from './use-sign-in.ts';

/** Why a sign-in link did not work, by the word that its route redirects with. */
const PROBLEMS: Record<string, string> = {
  used: 'This sign-in link was used already or is older than 24 hours. Start the app again for a new one, or paste the admin token.',
};

export function SignInPanel({ next, problem }: { next: string | null; problem: string | null }) {
  const { form, submit, pending, failure } = useSignIn(next);
  const shown = failure ?? (problem === null ? null : (PROBLEMS[problem] ?? PROBLEMS.used ?? null));
  return (
    <main className={classes.page}>
      <Paper
        component="form"
        withBorder
        bg="var(--eko-surface)"
        p="xl"
        className={classes.panel}
        // Until the page has come alive, Enter would load it anew and forget where to go next; so it does nothing.
        method="dialog"
        onSubmit={form.onSubmit(submit)}
        noValidate
      >
        <Stack gap="md">
          <Group justify="space-between">
            <Group gap="sm">
              <BrandMark size={34} />
              <Title order={1}>Sign in</Title>
            </Group>
            <ColorSchemeMenu />
          </Group>
          {shown !== null && (
            <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
              {shown}
            </Alert>
          )}
          <Text size="sm" c="dimmed">
            The terminal where you started the app shows a sign-in link that works once. Without it, paste the admin
            token.
          </Text>
          <PasswordInput
            {...form.getInputProps('token')}
            label="Admin token"
            description={
              <>
                The setting <Code>ADMIN_TOKEN</Code>, else the file <Code>admin-token</Code> in the data folder
              </>
            }
            inputWrapperOrder={['label', 'input', 'error', 'description']}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the token' }}
            data-autofocus
          />
          <Button type="submit" size="md" fullWidth loading={pending}>
            Sign in
          </Button>
        </Stack>
      </Paper>
    </main>
  );
}
