import type { LineTable } from './lineShape.ts';

/** LOG_LINES is what is said of the log, its index and its witnesses. */
export const LOG_LINES = {
  integrated: {
    level: 'info',
    fields: {
      batches: 'count',
      segments: 'count',
      foreign: 'count',
      reports: 'count',
      actions: 'count',
      storedBytes: 'bytes',
    },
    means: 'a run of integrate has ended, also when there was nothing to do; none for minutes: nothing is signed',
  },
  'the log takes no more keys of operators': {
    level: 'error',
    fields: { registered: 'count' },
    runbook: 'the-log-takes-no-more-keys-of-operators',
    means: 'OPERATOR_VERIFIER_KEYS has more keys than a log may ever register; what the others sign doesn’t count',
  },
  'another integration took the next batch': {
    level: 'warn',
    fields: { tries: 'number' },
    runbook: 'another-writer-was-first',
    means: 'two runs met; this one begins again',
  },
  indexed: {
    level: 'info',
    fields: { segments: 'count', entries: 'number', behind: 'count' },
    means:
      'the index covers the log up to `entries`; `behind` are entries that it doesn’t cover yet. The next batch states it',
  },
  'the index is made anew': {
    level: 'error',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means:
      'what the log states of its index isn’t among the tiles, or isn’t that; until it has come as far again, `find` reads more segments',
  },
  'the index stays behind': {
    level: 'error',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means:
      'a segment or the tiles can’t be read, or aren’t what the log says; sealing and signing go on, and `find` reads what the index lacks',
  },
  'the index was swept': {
    level: 'info',
    fields: { removed: 'count' },
    means: 'units and manifests of the index were removed that became part of larger ones more than two days ago',
  },
  'the index was not swept': {
    level: 'warn',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means: 'once a day superseded units of the index are removed; what stays costs room and nothing else',
  },
  'tiles do not fit the log: rebuild them': {
    level: 'error',
    fields: { size: 'count' },
    runbook: 'tile-mismatch',
    means: 'a published tile isn’t what the log says; integrate goes on without it',
  },
  cosigned: {
    level: 'info',
    fields: { checkpoint: 'name', witnesses: 'count' },
    means: 'a checkpoint is published with that many cosignatures',
  },
  'a witness did not cosign': {
    level: 'warn',
    fields: { witness: 'name', checkpoint: 'name', why: 'reason' },
    runbook: 'checkpoint-uncosigned',
    means: 'a witness was away, or refused; asked again at the next run',
  },
  'a witness has seen another log': {
    level: 'error',
    fields: { witness: 'name', checkpoint: 'name', why: 'reason', witnessSize: 'count' },
    runbook: 'a-witness-has-seen-another-log',
    means: 'a witness says that it cosigned a tree that this log doesn’t continue',
  },
} as const satisfies LineTable;
