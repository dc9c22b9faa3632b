import { randomBytes } from 'node:crypto';
import { formatBytes } from '#components/format.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { createListener } from '#lib/db/create-listener.ts';
import { readDiskRoom } from '#lib/disk-room.ts';
import type { Finding } from './finding.ts';

const CHANNEL = 'eko_doctor';
const HEARD_MS = 4_000;

/** Whether what is sent is heard on a connection that listens, as every manager has one. */
export async function checkNotifications(db: Executor, listenUrl: string): Promise<Finding[]> {
  const word = randomBytes(8).toString('hex');
  const heard = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => heard.resolve(false), HEARD_MS);
  let trouble: Error | null = null;
  const listener = createListener({
    connectionString: listenUrl,
    applicationName: 'eko-doctor',
    channels: [CHANNEL],
    onNotification: (_channel, payload) => {
      if (payload === word) heard.resolve(true);
    },
    onDisconnect: (error) => {
      trouble = error;
    },
    onConnect: () => void db.query('select pg_notify($1, $2)', [CHANNEL, word]).catch(() => heard.resolve(false)),
  });
  const isHeard = await heard.promise;
  clearTimeout(timer);
  await listener.close();
  if (isHeard) return [];
  if (trouble !== null) return [cannotListen(trouble)];
  return [
    {
      level: 'problem',
      what: 'Notifications of the database are not heard: work is noticed late, by looking every two seconds',
      advice:
        'A pooler in transaction mode seems to be in between. Set DIRECT_DATABASE_URL to the address of the server itself.',
    },
  ];
}

function cannotListen({ message }: Error): Finding {
  return {
    level: 'problem',
    what: `No connection that listens for notifications can be made: ${message.replace(/\.$/, '')}`,
    advice: 'Work is noticed late without one. Correct DIRECT_DATABASE_URL, or DATABASE_URL where that one is not set.',
  };
}

const DISK_BYTES_MIN = 1_000_000_000;

/** Whether the data folder has room: the embedded database and what workers keep while the database is away. */
export async function checkDisk(dataDir: string): Promise<Finding[]> {
  const room = await readDiskRoom(dataDir);
  if (room === null || room.freeBytes >= DISK_BYTES_MIN) return [];
  return [
    {
      level: 'problem',
      what: `The disk of "${dataDir}" has only ${formatBytes(room.freeBytes)} left`,
      advice:
        'Free some space: a full disk stops an embedded database, and results wait there while the database is away.',
    },
  ];
}
