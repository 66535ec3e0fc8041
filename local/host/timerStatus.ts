import type { ContainerClient } from '@azure/storage-blob';
import { isJsonObject } from './json.ts';

/** TimerStatus is what the host remembers of a timer between two runs of the host, in milliseconds since the epoch. */
export interface TimerStatus {
  /** lastMs is undefined before the first invocation. */
  readonly lastMs: number | undefined;
  readonly nextMs: number;
  readonly updatedMs: number | undefined;
}

/** TimerStatusStore keeps a timer's status in the blob where the real host keeps it. */
export interface TimerStatusStore {
  read(functionName: string): Promise<TimerStatus | undefined>;
  replace(functionName: string, status: TimerStatus): Promise<void>;
}

/** createTimerStatusStore keeps statuses under timers/ in the hosts container. */
export function createTimerStatusStore(container: ContainerClient, hostId: string): TimerStatusStore {
  const blobOf = (functionName: string) =>
    container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${functionName}/status`);
  return {
    async read(functionName) {
      const blob = blobOf(functionName);
      if (!(await blob.exists())) return undefined;
      return parseStatus((await blob.downloadToBuffer()).toString('utf8'));
    },
    async replace(functionName, status) {
      const text = JSON.stringify(formatStatus(status));
      await blobOf(functionName).upload(text, Buffer.byteLength(text));
    },
  };
}

// .NET's default DateTime, which stands for "never".
const NEVER = '0001-01-01T00:00:00+00:00';

/** formatStatus gives a status the form that both the blob and the handler see. */
export function formatStatus(status: TimerStatus): { Last: string; LastUpdated: string; Next: string } {
  return {
    Last: formatTime(status.lastMs),
    LastUpdated: formatTime(status.updatedMs),
    Next: formatTime(status.nextMs),
  };
}

/** parseStatus reads what formatStatus wrote. A status that can't be read counts as none, as in the real host. */
function parseStatus(text: string): TimerStatus | undefined {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(file)) return undefined;
  const nextMs = parseTime(file['Next']);
  if (nextMs === undefined) return undefined;
  return { lastMs: parseTime(file['Last']), nextMs, updatedMs: parseTime(file['LastUpdated']) };
}

function formatTime(ms: number | undefined): string {
  return ms === undefined ? NEVER : new Date(ms).toISOString().replace('Z', '+00:00');
}

function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || value === NEVER) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
