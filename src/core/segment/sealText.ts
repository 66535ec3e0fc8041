/** SEAL_TEXT is what stands in a seal between its numbers and times, as the writer writes and the reader expects it. */
export const SEAL_TEXT = {
  record: '"_seal":{"record":',
  event: ',"event":',
  index: ',"index":',
  enqueued: ',"enqueued":"',
  valueForm: ',"form":"value"',
  envelope: ',"envelope":',
} as const;

/** VALUE_TEXT is what stands before and behind a record that is a JSON value but no object, and why it stands so. */
export const VALUE_TEXT = { start: '{"_value":', end: ',"_reason":"not an object"', reason: 'not an object' } as const;
