import type { Plan } from './plan.ts';

/** REGRESSIONS is what schedules showed to be wrong, cut down to what it took. */
export const REGRESSIONS: readonly { readonly what: string; readonly plan: Plan }[] = [
  {
    what: 'an event of a hub before the sealed one makes no gap in that',
    plan: {
      seed: 845,
      hosts: 2,
      partitions: 1,
      expiredBefore: 1,
      maxSegmentBytes: 40,
      groupSize: 100,
      fillMs: 30000,
      productions: [{ at: 1198687, partition: 0, kind: 'records', records: 1 }],
      faults: [
        { kind: 'delivery delayed', at: 947601, host: 0, skip: 0, dice: 807281 },
        { kind: 'store away', at: 1142015, host: 0, skip: 2, dice: 689357 },
        { kind: 'hub created again between two requests', at: 1193254, host: 0, skip: 5, dice: 497417 },
        { kind: 'hub created again between two requests', at: 1203845, host: 1, skip: 0, dice: 388140 },
        { kind: 'hub created again between two requests', at: 1223885, host: 1, skip: 0, dice: 985448 },
        { kind: 'hub created again', at: 2325897, host: 1, skip: 0, dice: 936651 },
      ],
    },
  },
  {
    what: 'two runs of one process do not share the tree of the log',
    plan: {
      seed: 540,
      hosts: 4,
      partitions: 1,
      expiredBefore: 5,
      maxSegmentBytes: 2000,
      groupSize: 3,
      fillMs: 1000,
      productions: [
        { at: 948454, partition: 0, kind: 'records', records: 2 },
        { at: 949737, partition: 0, kind: 'text', records: 1 },
        { at: 952488, partition: 0, kind: 'records', records: 1 },
        { at: 968516, partition: 0, kind: 'text', records: 2 },
        { at: 970908, partition: 0, kind: 'records', records: 1 },
        { at: 971266, partition: 0, kind: 'amqp', records: 2 },
        { at: 978690, partition: 0, kind: 'records', records: 2 },
        { at: 988750, partition: 0, kind: 'records', records: 1 },
        { at: 991623, partition: 0, kind: 'empty', records: 2 },
        { at: 996420, partition: 0, kind: 'empty', records: 2 },
        { at: 3559924, partition: 0, kind: 'records', records: 2 },
      ],
      faults: [
        { kind: 'host killed during an operation', at: 207280, host: 0, skip: 0, dice: 613267 },
        { kind: 'host frozen', at: 349581, host: 2, skip: 0, dice: 681323 },
        { kind: 'timer doubled', at: 996661, host: 3, skip: 10, dice: 295895 },
        { kind: 'timer doubled', at: 1614225, host: 2, skip: 0, dice: 58362 },
        { kind: 'host frozen', at: 3234080, host: 3, skip: 2, dice: 166066 },
      ],
    },
  },
  {
    what: 'a partition whose events have all expired does not stay behind',
    plan: {
      seed: 16,
      hosts: 2,
      partitions: 2,
      expiredBefore: 5,
      maxSegmentBytes: 200,
      groupSize: 1,
      fillMs: 600000,
      productions: [],
      faults: [{ kind: 'unreadable event', at: 3454480, host: 0, skip: 2, dice: 361066 }],
    },
  },
  {
    what: 'a hub that gives nothing out for a while is not taken for one without such events',
    plan: {
      seed: 8626,
      hosts: 3,
      partitions: 2,
      productions: [
        { at: 266906, partition: 0, kind: 'text', records: 1 },
        { at: 3426706, partition: 1, kind: 'records', records: 1 },
      ],
      faults: [
        { kind: 'broker clock goes back', at: 258390, host: 0, skip: 0, dice: 527507 },
        { kind: 'reading ends early', at: 262168, host: 1, skip: 0, dice: 489362 },
      ],
      expiredBefore: 0,
      maxSegmentBytes: 2000,
      groupSize: 3,
      fillMs: 30000,
    },
  },
];
