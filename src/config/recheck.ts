import { identity } from './identity.ts';
import type { Read, Reader } from './settings.ts';
import { hostStorage } from './storage.ts';
import type { StorageConnection } from './storage.ts';
import { DAY_MS, HOUR_MS, MIB } from '../core/units.ts';

/** RecheckSettings is what the app is told of full rechecks that slices do. */
export interface RecheckSettings {
  readonly queue: string;
  readonly container: string;
  /** the host's own account, where both are: its queues, and its blobs */
  readonly queues: StorageConnection;
  readonly blobs: StorageConnection;
  /** a ledger that weighs no more is re-hashed in one run, and what a slice weighs */
  readonly wholeBytes: number;
  readonly sliceBytes: number;
  /** over how long the slices of a recheck are spread; 0: they are handed out at once */
  readonly spreadMs: number;
}

const NEEDED =
  'needs the host\u2019s storage: AzureWebJobsStorage, or AzureWebJobsStorage__blobServiceUri and AzureWebJobsStorage__queueServiceUri';

/** recheckSettings is what the settings say of it; undefined where every full recheck is one run. */
export function recheckSettings(settings: Read): RecheckSettings | undefined {
  const { RECHECK_QUEUE: queue, AzureWebJobsStorage__queueServiceUri: serviceUri } = settings;
  const blobs = hostStorage(settings);
  const queues = queuesOf(blobs, settings, serviceUri);
  if (queue === undefined || blobs === undefined || queues === undefined) return undefined;
  return {
    queue,
    container: settings.RECHECK_CONTAINER,
    queues,
    blobs,
    wholeBytes: settings.RECHECK_WHOLE_MIB * MIB,
    sliceBytes: settings.RECHECK_SLICE_MIB * MIB,
    spreadMs: settings.RECHECK_DAYS * DAY_MS,
  };
}

function queuesOf(
  blobs: StorageConnection | undefined,
  settings: Read,
  serviceUri: string | undefined,
): StorageConnection | undefined {
  if (blobs?.kind !== 'identity') return blobs;
  const isKnown = serviceUri !== undefined && URL.canParse(serviceUri);
  return isKnown ? { kind: 'identity', serviceUri, ...identity(settings, 'AzureWebJobsStorage') } : undefined;
}

/** checkRecheck demands a place for the queue, and that a recheck can end before the next one is due. */
export function checkRecheck(reader: Reader): void {
  if (reader.isSet('RECHECK_QUEUE') && reader.read('RECHECK_QUEUE') !== undefined) {
    const isText = reader.isSet('AzureWebJobsStorage');
    const [blobs, queues] = ['blob', 'queue'].map((kind) =>
      URL.canParse(reader.read(`AzureWebJobsStorage__${kind as 'blob' | 'queue'}ServiceUri`) ?? ''),
    );
    if (!isText && !(blobs && queues)) reader.fault('RECHECK_QUEUE', NEEDED);
  }
  const [days, hours] = [reader.read('RECHECK_DAYS') ?? 0, reader.read('VERIFY_FULL_HOURS') ?? Infinity];
  if (days * DAY_MS > hours * HOUR_MS)
    reader.fault(
      'RECHECK_DAYS',
      `is more than the ${hours} hours of VERIFY_FULL_HOURS, after which the next one is due`,
    );
}
