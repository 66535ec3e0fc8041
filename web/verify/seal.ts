import { readTokens } from './json.ts';

/** Seal is what the ledger stamped on a record. docs/format.md, section 5.1. */
export interface Seal {
  readonly record: number;
  readonly event: number;
  readonly index: number;
  readonly enqueued: string;
  /** `value`, `text`, `base64` or `amqp`; undefined for an object */
  readonly form: string | undefined;
}

const NUMBER = '(0|[1-9]\\d{0,15})';
const FORM = '(?:,"form":"(value|text|base64|amqp)"|(?!,"form":))';
const BODY = `\\{"record":${NUMBER},"event":${NUMBER},"index":${NUMBER},"enqueued":"([^"]{24})"${FORM}`;
const PLAIN_END = new RegExp(`,"_seal":${BODY}\\}\\}$`);
const START = new RegExp(`^${BODY}[,}]`);
const LONGEST_PLAIN = 200;

/**
 * readSeal gives the seal of a record's line, or undefined if it does not end in one. It is the line's last member,
 * whatever members named `_seal` the record itself has. A line must begin as the form does that its seal says; `head` gives
 * how it begins, where only its end is at hand.
 */
export function readSeal(line: string, head: () => string = () => line): Seal | undefined {
  if (!line.startsWith('{') || !line.endsWith('}}')) return undefined;
  const found = PLAIN_END.exec(line.slice(-LONGEST_PLAIN)) ?? START.exec(lastSeal(line).slice(0, LONGEST_PLAIN));
  if (found === null) return undefined;
  const [, record, event, index, enqueued = '', form] = found;
  if (form !== undefined && !head().startsWith(`{"_${form === 'amqp' ? 'base64' : form}":`)) return undefined;
  return { record: Number(record), event: Number(event), index: Number(index), enqueued, form };
}

/** lastSeal gives the line from the value of its last member on, if that is named `_seal`. */
function lastSeal(line: string): string {
  let depth = 0;
  let key = -1;
  let value = -1;
  let isNext = true;
  const tokens = readTokens(line);
  for (;;) {
    const { done, value: token } = tokens.next();
    if (done) return token === line.length && line.slice(key, value) === '"_seal":' ? line.slice(value) : '';
    if (token.kind === '}' || token.kind === ']') depth--;
    if (depth === 1 && isNext && token.kind === 'string') {
      key = token.start;
      isNext = false;
    } else if (depth === 1 && token.kind === ':') value = token.end;
    else if (depth === 1 && token.kind === ',') isNext = true;
    if (token.kind === '{' || token.kind === '[') depth++;
  }
}
