import { CloseButton, Group, Text } from '@mantine/core';

/** A filter that has no field of its own, with a way to drop it. */
export function FilterPill({ label, onClear }: { label: string; onClear: () => void }) {
  return (
    <Group
      gap={4}
      pl="xs"
      pr={2}
      w="fit-content"
      wrap="nowrap"
      style={{ border: '1px solid var(--eko-border)', borderRadius: 999, background: 'var(--eko-surface)' }}
    >
      <Text size="xs">{label}</Text>
      <CloseButton size="sm" radius="xl" aria-label={`Remove filter: ${label}`} onClick={onClear} />
    </Group>
  );
}
