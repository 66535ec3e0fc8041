import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { pageName, parseReportName } from '../core/objects/names.ts';

/** Runbook is the address of docs/runbook.md as somebody reads it: the name of a section follows, behind # unless it ends so or with =. */
export type Runbook = string;

/** isRunbook tells whether a text may be such an address: of a page on the web, or a path without a scheme. */
export const isRunbook = (text: string): boolean => /^https?:\/\/\S+$/i.test(text) || /^[^\s:]+$/.test(text);

/** runbookLink leads to a section of the runbook, and names it where nobody said where the runbook is. */
export const runbookLink = ({ runbook }: StatusLinks, section: string): Markup => {
  const name = markup`<code>docs/runbook.md#${section}</code>`;
  if (runbook === undefined || !isRunbook(runbook)) return name;
  return markup`<a href="${runbook}${/[#=]$/.test(runbook) ? '' : '#'}${section}">${name}</a>`;
};

/** StatusLinks is where what a status page names can be read, where that is known. */
export interface StatusLinks {
  readonly runbook?: Runbook;
  /** what goes before the name of a report's page, such as reports/ */
  readonly reports?: string;
}

/** reportLink names a report, and leads to its page where that can be read. */
export function reportLink({ reports }: StatusLinks, name: string): Markup {
  const code = markup`<code>${untrusted(name)}</code>`;
  const number = parseReportName(name);
  if (reports === undefined || !isRunbook(`${reports}x`) || number === undefined) return code;
  return markup`<a href="${reports}${pageName(number).slice(FOLDER.length)}">${code}</a>`;
}

const FOLDER = 'reports/';
const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):/;

/** minute writes an ISO 8601 UTC time to the minute, and keeps the whole of it for programs. */
export function minute(value: string): Markup {
  const [, date, clock] = TIME.exec(value) ?? [];
  if (date === undefined || clock === undefined) return untrusted(value);
  return markup`<time datetime="${value}">${date} ${clock} UTC</time>`;
}

/** ago says how long before `now` a time was; both are ISO 8601 UTC. */
export function ago(time: string, now: string): string {
  const minutes = Math.floor((Date.parse(now) - Date.parse(time)) / 60_000);
  if (Number.isNaN(minutes)) return 'at no known time';
  if (minutes < 0) return `${span(-minutes)} ahead`;
  return minutes === 0 ? 'just now' : `${span(minutes)} ago`;
}

/** span says a time of whole minutes in the unit that people use. */
export function span(minutes: number): string {
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
