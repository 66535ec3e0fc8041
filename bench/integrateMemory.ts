/** Integrates all segments of a mirror into a new log, with two worker threads, as the app does. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SegmentWorkers } from '../src/threads/workers.ts';
import { segmentName } from '../src/core/objects/names.ts';
import { integrateBacklog } from './backlog.ts';
import { PARTITION } from './workload.ts';

const folder = join(process.argv[2] as string, dirname(segmentName(PARTITION, 0)));
const workers = new SegmentWorkers(2);
await integrateBacklog(
  readdirSync(folder)
    .sort()
    .map((file) => join(folder, file)),
  workers.summarize,
);
await workers.close();
