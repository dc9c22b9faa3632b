'use client';

import { ActionIcon, Menu, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { modals } from '@mantine/modals';
import {
  IconDots,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerTrackNext,
  IconTrash,
} from '@tabler/icons-react';
import { useMayWrite } from '#components/use-may-write.ts';
import type { ApiSchedule } from '#lib/api/schedule.ts';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { useScheduleAction } from './use-schedule-action.ts';

export function ScheduleMenu({ schedule, onRemoved }: { schedule: ApiSchedule; onRemoved?: () => void }) {
  const mayWrite = useMayWrite();
  const act = useScheduleAction(schedule, onRemoved);
  const [editing, edit] = useDisclosure();
  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            aria-label={`Actions for ${schedule.name}`}
            loading={act.isPending}
            disabled={!mayWrite}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlayerTrackNext size={16} aria-hidden />} onClick={() => act.mutate('run')}>
            Run now
          </Menu.Item>
          {schedule.paused ? (
            <Menu.Item leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => act.mutate('resume')}>
              Resume
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconPlayerPause size={16} aria-hidden />} onClick={() => act.mutate('pause')}>
              Pause
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
            Edit…
          </Menu.Item>
          <Menu.Item
            c="var(--eko-bad)"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => askToRemove(schedule, () => act.mutate('remove'))}
          >
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ScheduleDialog opened={editing} onClose={edit.close} schedule={schedule} />
    </>
  );
}

function askToRemove({ name }: ApiSchedule, remove: () => void): void {
  modals.openConfirmModal({
    title: 'Delete this schedule?',
    children: (
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {name} starts nothing any more, and its history is forgotten. The sessions that it started stay, and so do their
        leads. To stop it for a while, pause it instead.
      </Text>
    ),
    labels: { confirm: 'Delete the schedule', cancel: 'Keep it' },
    confirmProps: { color: 'red' },
    onConfirm: remove,
  });
}
