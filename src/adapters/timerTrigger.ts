/** What the Functions host gives with a timer. It leaves the status out where it keeps none, and by hand anything may come. */
interface TimerInfo {
  readonly scheduleStatus?: { readonly last?: string } | null;
}

/** previousRunOf gives when a timer ran before (ms since the Unix epoch), undefined if the host doesn't know, or it never did. */
export function previousRunOf(timer: TimerInfo | null | undefined): number | undefined {
  const time = Date.parse(timer?.scheduleStatus?.last ?? '');
  // The host's word for never is a time of the year 1.
  return time > 0 ? time : undefined;
}
