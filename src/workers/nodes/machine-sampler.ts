import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import path from 'node:path';
import { readDiskRoom } from '#lib/disk-room.ts';
import { monotonicNowMs } from '../messages.ts';
import { type CgroupLimits, type GroupMemory, readCgroupLimits, readText } from './cgroup-files.ts';
import { type CpuReading, cpuPercent } from './cpu-percent.ts';
import { parseMeminfo } from './parse-cgroup.ts';

/** How much of what this machine, or its container, may use is in use. Null where it cannot be found out. */
export interface MachineSample {
  /** Monotonic. */
  atMs: number;
  /** Over the last moment, of at least a fifth of a second. */
  cpuPercent: number | null;
  memoryPercent: number | null;
  /** Of the file system that holds the data folder, or will. */
  diskPercent: number | null;
  diskFreeMb: number | null;
  /** Processors' worth of time that may be used. */
  cpuCount: number;
  memoryLimitMb: number | null;
}

export type SampleMachine = () => Promise<MachineSample>;

/** Counters of processor time move in steps of 10 ms, and a busy moment is no sign of anything. */
const SHORTEST_MS = 200;

export interface MachineSamplerOptions {
  dataFolder: string;
  /** The root of the file system; another folder in tests. */
  root?: string;
}

/** Makes the function that takes samples. It never throws: what cannot be read is null. */
export function createMachineSampler({ dataFolder, root = '/' }: MachineSamplerOptions): SampleMachine {
  let before: CpuReading | null = null;
  let lastPercent: number | null = null;
  return async () => {
    const limits = await readCgroupLimits(root);
    const [memory, disk] = await Promise.all([readMemory(limits, root), readDisk(dataFolder)]);
    const reading: CpuReading = { atMs: monotonicNowMs(), groups: limits.cpu, machine: readMachineCpu() };
    if (before === null || reading.atMs - before.atMs >= SHORTEST_MS) {
      lastPercent = before === null ? null : cpuPercent(before, reading);
      before = reading;
    }
    return {
      atMs: reading.atMs,
      cpuPercent: lastPercent,
      memoryPercent: memory === null ? null : percent(memory.usedBytes, memory.limitBytes),
      ...disk,
      cpuCount: Math.min(availableParallelism(), ...[...limits.cpu.values()].map(({ cores }) => cores)),
      memoryLimitMb: memory === null ? null : Math.round(memory.limitBytes / 1_048_576),
    };
  };
}

/** The limit that is nearest: of the container, of one of its parents, or what the machine has. */
async function readMemory(limits: CgroupLimits, root: string): Promise<GroupMemory | null> {
  const machine = await readMachineMemory(root);
  const all = machine === null ? limits.memory : [...limits.memory, machine];
  return all.toSorted((a, b) => b.usedBytes / b.limitBytes - a.usedBytes / a.limitBytes)[0] ?? null;
}

/** On macOS what is "free" says nothing about what could be had, so there it stays unknown. */
async function readMachineMemory(root: string): Promise<GroupMemory | null> {
  const linux = parseMeminfo((await readText(path.join(root, 'proc/meminfo'))) ?? '');
  if (linux !== null) return { usedBytes: linux.totalBytes - linux.availableBytes, limitBytes: linux.totalBytes };
  return process.platform === 'win32' ? { usedBytes: totalmem() - freemem(), limitBytes: totalmem() } : null;
}

async function readDisk(folder: string): Promise<Pick<MachineSample, 'diskPercent' | 'diskFreeMb'>> {
  const room = await readDiskRoom(folder);
  if (room === null) return { diskPercent: null, diskFreeMb: null };
  const { usedBytes, freeBytes } = room;
  const bytes = usedBytes + freeBytes;
  return {
    diskPercent: bytes === 0 ? null : percent(usedBytes, bytes),
    diskFreeMb: Math.floor(freeBytes / 1_048_576),
  };
}

function readMachineCpu(): CpuReading['machine'] {
  const times = cpus().map((cpu) => cpu.times);
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0);
  const busyMs = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  return { busyMs, totalMs: busyMs + idleMs };
}

const percent = (part: number, whole: number) => Math.min(100, Math.round((part / whole) * 1_000) / 10);
