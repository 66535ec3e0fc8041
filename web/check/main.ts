import { checkEvidence } from '../verify/checkEvidence.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence } from '../verify/evidence.ts';
import type { Evidence } from '../verify/evidence.ts';
import { Fault } from '../verify/fault.ts';
import { MAX_KEYS, readKeys } from '../verify/verifierKey.ts';
import { byId, element, untrusted } from './dom.ts';
import { showOutcome, showUnreadable } from './result.ts';

const input = byId('file', HTMLInputElement);
const keyField = byId('keys', HTMLTextAreaElement);
const keyFaults = byId('key-faults', HTMLElement);
const busy = byId('busy', HTMLElement);
/** For screen readers: the verdict, not all of the record. */
const spoken = byId('spoken', HTMLElement);
const result = byId('result', HTMLElement);

let evidence: Evidence | undefined;
/** Counts what the user did, so that a slow check never overwrites the result of a later one. */
let turn = 0;

function show(content: readonly Node[]): void {
  result.replaceChildren(...content);
  busy.textContent = '';
  spoken.textContent = result.querySelector('h2')?.textContent ?? '';
}

async function open(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return;
  const mine = ++turn;
  evidence = undefined;
  result.replaceChildren();
  busy.replaceChildren('Reading ', untrusted(chosen.name));
  try {
    if (chosen.size > MAX_EVIDENCE_BYTES) {
      throw new Fault('EVIDENCE_MALFORMED', 'the file is larger than 64 MiB, the most that evidence may have');
    }
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    if (mine === turn) evidence = parseEvidence(bytes);
  } catch (error) {
    if (mine === turn) show(showUnreadable(chosen.name, asFault(error)));
  }
  if (mine === turn) await check();
}

/** asFault turns what a browser says of a file that it can't read into words; a defect of this page is thrown on. */
function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof DOMException) return new Fault('EVIDENCE_MALFORMED', `it can't be read (${error.message})`);
  throw error;
}

async function check(): Promise<void> {
  const mine = ++turn;
  const given = await readKeys(keyField.value);
  if (mine !== turn) return;
  keyFaults.replaceChildren(...given.faults.map((fault) => element('p', {}, untrusted(fault))));
  const current = evidence;
  if (current === undefined) return;
  busy.textContent = 'Checking';
  const trust = keyField.value.trim() === '' ? 'file' : 'user';
  const carried = trust === 'file' ? await readKeys(current.verifierKeys.slice(0, MAX_KEYS).join('\n')) : given;
  const outcome = await checkEvidence(current, carried.keys);
  if (mine !== turn) return;
  show(showOutcome(current, outcome, trust, carried.keys.length));
  document.title = `Auditseal: ${spoken.textContent}`;
}

/** start runs what a handler began; what goes wrong in it is shown, never swallowed. */
function start(work: Promise<void>): void {
  work.catch((error: unknown) => {
    show([element('p', { class: 'note', role: 'alert' }, 'This page failed, so nothing was checked: ', String(error))]);
    throw error;
  });
}

input.addEventListener('change', () => start(open(input.files?.[0])));
keyField.addEventListener('input', () => start(check()));
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', () => document.body.classList.remove('dropping'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  start(open(event.dataTransfer?.files[0]));
});
if (!window.isSecureContext) {
  input.disabled = true;
  busy.textContent =
    'This browser hashes nothing for pages from this address. Open the file from your disk, or over HTTPS.';
}
