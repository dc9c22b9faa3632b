import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';

export function notifyDone(message: string): void {
  notifications.show({ message, icon: <IconCheck size={18} />, color: 'eko' });
}

export function notifyProblem(error: Error): void {
  notifications.show({
    title: 'That did not work',
    message: error.message,
    icon: <IconAlertTriangle size={18} />,
    color: 'red',
    autoClose: 10_000,
  });
}
