import { readFileSync } from 'node:fs';

/**
 * peakBytes gives the most memory that this process has held. The system's own counter, resourceUsage().maxRSS, begins on
 * Linux at what the parent held when it started the process, so the kernel's other one is asked where it is there.
 */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kibibytes === undefined) throw new Error('/proc/self/status has no VmHWM');
  return Number(kibibytes) * 1024;
}
