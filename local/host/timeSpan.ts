const TIME_SPAN = /^(?:(\d{1,5})\.)?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;

/** parseTimeSpan reads .NET's [d.]hh:mm:ss[.fffffff] as milliseconds, or returns undefined. */
export function parseTimeSpan(text: string): number | undefined {
  const match = TIME_SPAN.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = [match[1] ?? '0', match[2], match[3], match[4]].map(Number);
  if (days === undefined || hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const fractionMs = Number(`0.${match[5] ?? '0'}`) * 1000;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + fractionMs;
}
