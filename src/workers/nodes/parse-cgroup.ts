/** Pure readers of what Linux says about control groups, version 1 and 2: cgroups(7), Documentation/admin-guide/cgroup-v2.rst. */

/** Where this process stands in each hierarchy; null where there is none. */
export interface CgroupPaths {
  /** Version 2: one hierarchy for everything. */
  unified: string | null;
  /** Version 1: one hierarchy per controller. */
  memory: string | null;
  cpu: string | null;
}

/** Reads /proc/self/cgroup: lines of `hierarchy:controllers:path`. A path may contain colons. */
export function parseCgroupPaths(text: string): CgroupPaths {
  const lines = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers: controllers.split(','), path }];
  });
  const pathOf = (controller: string) =>
    lines.find(({ controllers }) => controllers.includes(controller))?.path ?? null;
  return { unified: pathOf(''), memory: pathOf('memory'), cpu: pathOf('cpu') };
}

/** "/a/b" → "/a/b", "/a", "/": a limit of any of them holds for this process. */
export function withAncestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, index) => `/${parts.slice(0, parts.length - index).join('/')}`);
}

/** Version 1 says "no limit" with the largest multiple of a page; no machine has as much as this. */
const NO_LIMIT_BYTES = 2 ** 60;

/** Reads memory.max or memory.limit_in_bytes; null for no limit. */
export function parseMemoryLimit(text: string): number | null {
  const bytes = parseCount(text);
  return bytes === null || bytes >= NO_LIMIT_BYTES ? null : bytes;
}

/** Reads cpu.max ("max 100000", "150000 100000") into the number of processors' worth of time; null for no limit. */
export function parseCpuMax(text: string): number | null {
  const [quota = '', period = ''] = text.trim().split(/\s+/);
  return coresOf(quota, period);
}

/** The same from the two files of version 1, where -1 says "no limit". */
export function coresOf(quotaUs: string, periodUs: string): number | null {
  const quota = parseCount(quotaUs);
  const period = parseCount(periodUs);
  return quota === null || quota === 0 || period === null || period === 0 ? null : quota / period;
}

/** Reads one figure of a file with a name and a number on each line, such as memory.stat; null when it is not there. */
export function parseStatField(text: string, name: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? null : parseCount(line.slice(name.length + 1));
}

/** Reads a whole number that is not negative; null for anything else, "max" and "-1" among them. */
export function parseCount(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text) : null;
}

/** Reads /proc/meminfo; null for a kernel that does not say what is available. */
export function parseMeminfo(text: string): { totalBytes: number; availableBytes: number } | null {
  const bytesIn = (line: RegExpExecArray | null) => Number(line?.[1] ?? Number.NaN) * 1_024;
  const totalBytes = bytesIn(/^MemTotal: +(\d+) kB$/m.exec(text));
  const availableBytes = bytesIn(/^MemAvailable: +(\d+) kB$/m.exec(text));
  return totalBytes > 0 && availableBytes >= 0 ? { totalBytes, availableBytes } : null;
}
