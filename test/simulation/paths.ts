import { FAULT_KINDS } from './plan.ts';

/** Counts is how often each fault and each path was taken. */
export type Counts = Map<string, number>;

/** PATHS is the ways through ingest, watch and integrate that schedules have to take, as what is stored and logged shows them. */
const PATHS: readonly string[] = [
  'ingest with events',
  'repair with events',
  'repair without events',
  'heartbeat',
  'chain begun by ingest with events',
  'chain begun by repair with events',
  'chain begun by repair without events',
  'chain begun by heartbeat without events',
  'incarnation begun by ingest with events',
  'incarnation begun by repair with events',
  'incarnation begun by repair without events',
  'gap expired declared with events',
  'gap expired declared without events',
  'gap unreadable declared with events',
  'gap unreadable declared without events',
  'gap recreated declared without events',
  'segment behind what was planted',
  'sealed with the hub before its own',
  'new hub hidden by a clock',
  'gone with its hub',
  'ended in HUB_UNAVAILABLE',
  'ended in STORE_UNAVAILABLE',
  'ended in SIGNER_UNAVAILABLE',
  'logged: name of the next segment is taken',
  'logged: sealing was interrupted',
  'logged: events were read from the hub again',
  'logged: events of a hub that is gone came too late',
  'logged: unsealed events will expire',
  'logged: a partition could not be watched',
  'logged: another integration took the next batch',
  'logged: foreign object in the place of a segment',
  'logged: foreign object in the place of a batch',
];

/** So many schedules take every path: what they don't take, the simulator can't reach. */
export const ENOUGH = 1200;

/** count adds one. */
export const count = (counts: Counts, path: string, more = 1): unknown =>
  counts.set(path, (counts.get(path) ?? 0) + more);

/** neverTaken gives the faults that never struck, and the paths that were never taken. */
export const neverTaken = (counts: Counts): string[] =>
  [...FAULT_KINDS.map((kind) => `fault: ${kind}`), ...PATHS].filter((path) => !counts.has(path));

/** formatCounts prints a table. */
export const formatCounts = (counts: Counts): string =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, times]) => `${String(times).padStart(9)}  ${path}`)
    .join('\n');
