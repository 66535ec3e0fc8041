import { argumentError, type Refusal } from './refusal.ts';
import type { PartitionLog } from './partitionLog.ts';

/** The JavaScript client writes the value in quotes, the .NET client without. */
const FILTER = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*('?)(@latest|-?\d{1,16})\3$/;

/** startPosition finds the first sequence number that a receiver with this filter gets. Without a filter it gets all. */
export function startPosition(filter: string | undefined, log: PartitionLog): number | Refusal {
  if (filter === undefined) return log.beginSequenceNumber;
  const [, annotation, operator, , text = ''] = FILTER.exec(filter.trim()) ?? [];
  const isInclusive = operator === '>=';
  const value = Number(text);
  const { sequenceNumber, offset } = log.lastEnqueued;
  switch (annotation) {
    case 'offset':
      if (text === '@latest') return log.nextSequenceNumber;
      if (value > Number(offset)) return beyondEnd('offset', text, offset);
      return log.firstWhere((event) => (isInclusive ? event.offset >= value : event.offset > value));
    case 'sequence-number':
      if (text === '@latest') return log.nextSequenceNumber;
      if (value > sequenceNumber) return beyondEnd('sequence number', text, String(sequenceNumber));
      return Math.max(log.beginSequenceNumber, isInclusive ? value : value + 1);
    case 'enqueued-time':
      if (text === '@latest') return log.nextSequenceNumber;
      return log.firstWhere((event) => (isInclusive ? event.enqueuedAt >= value : event.enqueuedAt > value));
    case undefined:
    default:
      return argumentError(`The filter ${JSON.stringify(filter.slice(0, 128))} can't be understood.`);
  }
}

function beyondEnd(what: string, supplied: string, last: string): Refusal {
  return argumentError(`The supplied ${what} '${supplied}' is invalid. The last ${what} in the system is '${last}'.`);
}
