import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  coresOf,
  parseCgroupPaths,
  parseCount,
  parseCpuMax,
  parseMemoryLimit,
  parseStatField,
  withAncestors,
} from './parse-cgroup.ts';

/** Memory that a group of processes has of what it may have. */
export interface GroupMemory {
  usedBytes: number;
  limitBytes: number;
}

/** Processor time that a group has used since it exists, and how many processors' worth it may use at a time. */
export interface GroupCpu {
  usedMs: number;
  cores: number;
}

/** The limits that hold for this process, one per group on the way up that has one; empty where nothing limits it. */
export interface CgroupLimits {
  memory: GroupMemory[];
  /** By the folder of the group, to find it again in the next reading. */
  cpu: Map<string, GroupCpu>;
}

/**
 * Reads the limits of the control groups that this process is in. Inside a container the paths of the host may not exist;
 * its own group is mounted at the top then, which is read as well.
 * @param root The root of the file system; another folder in tests.
 */
export async function readCgroupLimits(root = '/'): Promise<CgroupLimits> {
  const paths = parseCgroupPaths((await readText(path.join(root, 'proc/self/cgroup'))) ?? '');
  const mount = path.join(root, 'sys/fs/cgroup');
  const limits: CgroupLimits = { memory: [], cpu: new Map() };
  for (const group of withAncestors(paths.unified ?? '/')) await addUnified(limits, path.join(mount, group));
  for (const group of paths.memory === null ? [] : withAncestors(paths.memory)) {
    await addMemoryV1(limits, path.join(mount, 'memory', group));
  }
  for (const group of paths.cpu === null ? [] : withAncestors(paths.cpu)) {
    await addCpuV1(limits, path.join(mount, 'cpu', group), path.join(mount, 'cpuacct', group));
  }
  return limits;
}

async function addUnified(limits: CgroupLimits, folder: string): Promise<void> {
  const [max, current, stat, cpuMax, cpuStat] = await readTexts(folder, [
    'memory.max',
    'memory.current',
    'memory.stat',
    'cpu.max',
    'cpu.stat',
  ]);
  addMemory(limits, { limit: max, usage: current, stat, cacheField: 'inactive_file' });
  const cores = parseCpuMax(cpuMax ?? '');
  const usedUs = parseStatField(cpuStat ?? '', 'usage_usec');
  if (cores !== null && usedUs !== null) limits.cpu.set(folder, { cores, usedMs: usedUs / 1_000 });
}

async function addMemoryV1(limits: CgroupLimits, folder: string): Promise<void> {
  const [limit, usage, stat] = await readTexts(folder, [
    'memory.limit_in_bytes',
    'memory.usage_in_bytes',
    'memory.stat',
  ]);
  addMemory(limits, { limit, usage, stat, cacheField: 'total_inactive_file' });
}

async function addCpuV1(limits: CgroupLimits, folder: string, accountFolder: string): Promise<void> {
  const [quota, period] = await readTexts(folder, ['cpu.cfs_quota_us', 'cpu.cfs_period_us']);
  const cores = coresOf(quota ?? '', period ?? '');
  if (cores === null) return;
  const usedNs = parseCount((await readText(path.join(accountFolder, 'cpuacct.usage'))) ?? '');
  if (usedNs !== null) limits.cpu.set(folder, { cores, usedMs: usedNs / 1_000_000 });
}

interface MemoryTexts {
  limit: string | null | undefined;
  usage: string | null | undefined;
  stat: string | null | undefined;
  cacheField: string;
}

/** Pages of files that nobody has used for a while are given back when memory is short, so they do not count as used. */
function addMemory(limits: CgroupLimits, texts: MemoryTexts): void {
  const limitBytes = parseMemoryLimit(texts.limit ?? '');
  const usage = parseCount(texts.usage ?? '');
  if (limitBytes === null || limitBytes === 0 || usage === null) return;
  const cache = parseStatField(texts.stat ?? '', texts.cacheField) ?? 0;
  limits.memory.push({ usedBytes: Math.max(0, usage - cache), limitBytes });
}

function readTexts(folder: string, names: readonly string[]): Promise<(string | null)[]> {
  return Promise.all(names.map((name) => readText(path.join(folder, name))));
}

/** Null for a file that is not there or may not be read: then it limits nothing that we could know of. */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
