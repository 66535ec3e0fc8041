import { copiesFactor, priced, totalOf } from './bill.ts';
import type { Component, Line } from './bill.ts';
import type { App, Deployed } from './deployed.ts';
import { assumed } from './usage.ts';
import type { Usage, Workload } from './usage.ts';
import { ENTRIES_PER_UNIT, MAX_UNIT_RECORDS, widthsIn } from '../../src/core/index/ranges.ts';

const MONTHS = 12;
const YEAR = 365;
/** How often something small is done whose price is shown. */
export const MANY = 1000;
/** Over so many days a full recheck is spread in the example. */
export const SPREAD_DAYS = 30;

/** Uses is what a deployment costs by what is done with it, in USD. */
export interface Uses {
  /** a year, at the rate of the month in which the ledger holds what it was calculated for; they add up to twelve such bills */
  readonly year: {
    readonly takeIn: number;
    readonly seal: number;
    readonly store: number;
    readonly check: number;
    readonly recheck: number;
    /** alerts, logs, network and instances that stand by, less what is free */
    readonly rest: number;
  };
  /** one full recheck of all that is held */
  readonly recheck: { readonly cost: number; readonly hours: number; readonly slices: number };
  /** the same once in SPREAD_DAYS, for a year */
  readonly rolling: number;
  /** what a check elsewhere asks of the account for it, quick or not */
  readonly reading: number;
  /** a search for one value in all that is held, and in a day; requests, and USD for MANY of them */
  readonly search: Readonly<Record<'all' | 'day', { readonly requests: number; readonly cost: number }>>;
  /** MANY proofs */
  readonly prove: number;
}

/** usesOf tells what the lines of a month's bill are for. */
export function usesOf(deployed: Deployed, { recordsADay }: Workload, usage: Usage, lines: readonly Line[]): Uses {
  const copies = copiesFactor(deployed);
  const of = (...components: Component[]): number =>
    MONTHS * totalOf(lines.filter(({ component }) => components.includes(component)));
  const asked = ({ writes, reads, lists }: Usage['sealing']): number =>
    MONTHS *
    (priced('blobHotWrite', writes, copies) + priced('blobHotRead', reads) + priced('blobList', lists, copies));
  const runTime = (app: App, seconds: number): number =>
    priced(deployed.zoned.includes(app) ? 'alwaysReadyTime' : 'functionsTime', seconds * deployed.memoryGb);

  const { fulls, runSeconds, slices } = usage;
  const fullTime = runTime('auditor', runSeconds.full);
  const reading = of('ledger, full rechecks') / (MONTHS * fulls);
  const handing =
    priced('blobHotWrite', usage.recheck.writes / fulls) +
    priced('blobHotRead', usage.recheck.reads / fulls) +
    priced('vaultOperations', usage.recheck.signatures / fulls);
  const one = reading + fullTime + (slices > 0 ? handing : 0);
  const year = {
    takeIn: of('export of logs', 'event hub'),
    seal:
      asked(usage.sealing) + of('storage of the hosts', 'key vault') + MONTHS * runTime('sealer', usage.runTime.sealer),
    store: of('ledger, stored', 'ledger, moved to other tiers'),
    check: asked(usage.checking) + MONTHS * runTime('auditor', usage.runTime.auditor - fulls * runSeconds.full),
    recheck: of('ledger, full rechecks') + MONTHS * fulls * fullTime,
  };
  const known = Object.values(year).reduce((sum, cost) => sum + cost, 0);

  const { segmentsADay, entriesADay } = usage;
  const recordsAnEntry = recordsADay / entriesADay;
  const search = (days: number) => {
    const units = unitsOf(entriesADay * days, recordsAnEntry);
    // The checkpoint, its heads and the manifest; units; and of what is found a segment, and its entry's proof.
    const requests = 5 + units * assumed('unitReads') + 1 + assumed('proofReads');
    return { requests, cost: MANY * priced('blobHotRead', requests) };
  };
  const heldDays = usage.held.segments / segmentsADay;
  return {
    year: { ...year, rest: MONTHS * totalOf(lines) - known },
    recheck: { cost: one, hours: runSeconds.full / 3600, slices },
    rolling: (one * YEAR) / SPREAD_DAYS,
    reading,
    search: { all: search(heldDays), day: search(1) },
    prove: MANY * priced('blobHotRead', assumed('proofReads')),
  };
}

/** unitsOf gives how many units the index of a log of so many entries has, where each has so many records. */
export function unitsOf(entries: number, recordsAnEntry: number): number {
  const widths = [...widthsIn(entries)].filter((width) => width * recordsAnEntry <= MAX_UNIT_RECORDS).toReversed();
  let [units, left] = [0, entries];
  for (const width of [...widths, ENTRIES_PER_UNIT]) {
    units += Math.floor(left / width);
    left %= width;
  }
  return units + (left >= 1 ? 1 : 0);
}
