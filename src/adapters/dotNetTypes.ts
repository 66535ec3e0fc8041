import type { AmqpValue } from './amqpValues.ts';

const TICKS_A_SECOND = 10_000_000n;
/** The Unix epoch as .NET counts it: in units of 100 ns from the year 1. */
const EPOCH_TICKS = 621_355_968_000_000_000n;
/** The last tick of the year 9999. */
const LAST_TICKS = 3_155_378_975_999_999_999n;

/** dotNetValue gives the form of a value of .NET that AMQP has no type for, or undefined for a name that .NET doesn't know. */
export function dotNetValue(name: string, value: AmqpValue): string | undefined {
  const ticks = ticksOf(value);
  if (name === 'com.microsoft:uri' && value.type === 'plain' && typeof value.value === 'string') return value.value;
  if (name === 'com.microsoft:timespan' && ticks !== undefined) return formatSpan(ticks);
  if (name === 'com.microsoft:datetime-offset' && ticks !== undefined && ticks >= 0 && ticks <= LAST_TICKS)
    return formatTime(ticks);
  return undefined;
}

function ticksOf(value: AmqpValue): bigint | undefined {
  if (value.type === 'long') return value.value;
  return value.type === 'plain' && Number.isSafeInteger(value.value) ? BigInt(value.value as number) : undefined;
}

/** formatSpan prints [-][days.]hh:mm:ss[.fffffff]. */
function formatSpan(ticks: bigint): string {
  const length = ticks < 0 ? -ticks : ticks;
  const seconds = length / TICKS_A_SECOND;
  const days = seconds / 86_400n;
  const clock = [(seconds / 3600n) % 24n, (seconds / 60n) % 60n, seconds % 60n]
    .map((part) => digits(part, 2))
    .join(':');
  const rest = length % TICKS_A_SECOND;
  return `${ticks < 0 ? '-' : ''}${days > 0 ? `${days}.` : ''}${clock}${rest > 0 ? `.${digits(rest, 7)}` : ''}`;
}

/** formatTime prints a time in UTC, without zeros at the end of its second. */
function formatTime(ticks: bigint): string {
  const seconds = ticks / TICKS_A_SECOND - EPOCH_TICKS / TICKS_A_SECOND;
  const rest = digits(ticks % TICKS_A_SECOND, 7).replace(/0+$/, '');
  const time = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${time}${rest === '' ? '' : `.${rest}`}+00:00`;
}

const digits = (number: bigint, count: number): string => String(number).padStart(count, '0');
