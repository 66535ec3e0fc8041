import type { LineTable } from './lineShape.ts';

/** SEALING_LINES is what is said of events on their way into segments. */
export const SEALING_LINES = {
  sealed: {
    level: 'info',
    fields: {
      partition: 'name',
      nextIndex: 'number',
      segments: 'count',
      events: 'count',
      records: 'count',
      duplicates: 'count',
      rawBytes: 'bytes',
      storedBytes: 'bytes',
    },
    means: 'a delivery is sealed: how much, and how well it fills segments',
  },
  'sealed a heartbeat': {
    level: 'info',
    fields: { partition: 'name', index: 'number', lastEvent: 'number' },
    means: 'the hub said that all it has of an idle partition is sealed, and that is in the ledger now',
  },
  'name of the next segment is taken': {
    level: 'warn',
    fields: { partition: 'name', index: 'number', tries: 'number' },
    runbook: 'another-writer-was-first',
    means: 'another writer was first, or the answer to a write was lost; it is planned again',
  },
  'events are missing': {
    level: 'error',
    fields: { partition: 'name', first: 'number', last: 'number', reason: 'name' },
    runbook: 'sequence-gap',
    means:
      'the hub doesn’t have these events any more, or doesn’t give them out; the ledger says so, and why, for ever',
  },
  'event hub was re-created': {
    level: 'error',
    fields: { partition: 'name', incarnation: 'number', lastEvent: 'number', created: 'name' },
    runbook: 'hub-recreated',
    means:
      'the numbers of events begin anew; a new incarnation of the chain is written. What the deleted hub had behind `lastEvent` is gone',
  },
  'events were read from the hub again': {
    level: 'warn',
    fields: { partition: 'name', first: 'number', last: 'number', events: 'count' },
    runbook: 'events-were-read-from-the-hub-again',
    means: 'the trigger didn’t hand these events over; they are sealed as a repair',
  },
  'events of a hub that is gone came too late': {
    level: 'error',
    fields: { partition: 'name', events: 'count' },
    runbook: 'events-of-a-hub-that-is-gone-came-too-late',
    means: 'they are of a hub that was deleted, and the chain has gone on to the next one; they are dropped',
  },
  'sealing was interrupted': {
    level: 'warn',
    fields: { partition: 'name', code: 'name', tries: 'number' },
    runbook: 'sealing-was-interrupted',
    means: 'the store, the hub or a key didn’t answer; the same invocation tries again',
  },
  'a partition is held': {
    level: 'error',
    fields: { partition: 'name', code: 'name' },
    runbook: 'a-partition-is-held',
    means: 'somebody has to mend what this code names: the delivery is tried again until then, and nothing is skipped',
  },
  'another event is sealed under this number': {
    level: 'error',
    fields: { partition: 'name', events: 'count' },
    runbook: 'another-event-is-sealed-under-this-number',
    means:
      'an event came under a number that is sealed, later than all that is sealed: what stands there isn’t this event. A session’s key was stolen, or an event of a hub before was taken for one of this hub',
  },
  'the trigger was passed on': {
    level: 'info',
    fields: { partition: 'name', sequenceNumber: 'number' },
    means:
      'what the trigger couldn’t deliver is sealed, and its position is set behind that, so that it delivers again',
  },
  'the trigger was not passed on': {
    level: 'warn',
    fields: { partition: 'name', why: 'reason' },
    runbook: 'the-trigger-was-not-passed-on',
    means:
      'the position of the trigger couldn’t be set behind what is sealed; nothing is lost, but what comes next may be sealed by `watch` alone, late',
  },
  watched: {
    level: 'info',
    fields: {
      partition: 'name',
      state: 'name',
      lastEvent: 'number',
      enqueued: 'name',
      hubLast: 'number',
      behind: 'count',
      hoursLeft: 'count',
    },
    means:
      'the hub was asked for a partition: `quiet` (all is sealed), `behind` (ingest is at work), `stuck`, `recreated` or `contradicted` (the chain has events that the hub never had): in these three this run reads and seals what nobody delivered. The oldest event that waits expires in `hoursLeft` hours at the earliest; -1 if none waits or HUB_RETENTION_HOURS isn’t set',
  },
  'unsealed events will expire': {
    level: 'error',
    fields: { partition: 'name', behind: 'count', hoursLeft: 'count' },
    runbook: 'unsealed-events-will-expire',
    means:
      'the oldest event that isn’t sealed is deleted by the hub in so many hours; find out what keeps it from being sealed',
  },
  'the chain has events that the hub never had': {
    level: 'error',
    fields: { partition: 'name', lastEvent: 'number', hubLast: 'number' },
    runbook: 'the-chain-has-events-that-the-hub-never-had',
    means:
      'a segment is signed, and says more than the hub: a session’s key was stolen. The next incarnation begins, and all that the hub holds is sealed in it',
  },
  'a partition could not be watched': {
    level: 'error',
    fields: { partition: 'name', why: 'reason' },
    runbook: 'a-partition-could-not-be-watched',
    means:
      'the hub, the store or a key didn’t do what was asked; the next run tries again, and no sign of life is written meanwhile',
  },
  'names of segments are not dense': {
    level: 'error',
    fields: { partition: 'name', firstFree: 'number' },
    runbook: 'segment-missing',
    means: 'a name between those of segments is free: somebody planted objects further on, or a segment is missing',
  },
  'foreign object in the place of a segment': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'foreign-object',
    means: 'something that no sealer wrote has a segment’s name; the chain goes on around it',
  },
  'foreign object in the place of a batch': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'foreign-object',
    means: 'something that no integration signed as the next batch has a batch’s name; the log goes on around it',
  },
  'a segment is in the archive tier': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'a-segment-is-in-the-archive-tier',
    means:
      'somebody has archived a segment that the log doesn’t have yet; the log waits in this partition until it is rehydrated',
  },
  'events are taken for sealed by a segment from the future': {
    level: 'error',
    fields: { partition: 'name', first: 'number', last: 'number', sealed: 'name', now: 'name' },
    runbook: 'events-are-taken-for-sealed-by-a-segment-from-the-future',
    means:
      'all of a delivery was dropped as sealed before, and the newest segment is dated ahead of this app’s clock: one of the clocks is wrong, or a session’s key was stolen',
  },
  'foreign object in the place of a report': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no check wrote has a report’s name',
  },
  'foreign object in the place of an action': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no command filed has an action’s name',
  },
  'foreign object in the place of a cosignature': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no witness signed has a cosignature’s name',
  },
  'a newer release writes this partition': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'a-newer-release-writes-this-partition',
    means: 'this release can’t read what another one writes, and leaves the partition alone',
  },
} as const satisfies LineTable;
