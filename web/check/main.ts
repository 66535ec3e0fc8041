import { checkEvidence } from '../verify/checkEvidence.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence } from '../verify/evidence.ts';
import type { Evidence } from '../verify/evidence.ts';
import { Fault } from '../verify/fault.ts';
import { MAX_KEYS, readKeys } from '../verify/verifierKey.ts';
import { byId, element, untrusted } from './dom.ts';
import { MirrorCheck, filesOfDrop, filesOfPicker } from './mirror.ts';
import type { MirrorFiles } from './mirror.ts';
import { showLedger } from './mirrorResult.ts';
import { size } from './parts.ts';
import { showOutcome, showUnreadable } from './result.ts';

const input = byId('file', HTMLInputElement);
const keyField = byId('keys', HTMLTextAreaElement);
const keyFaults = byId('key-faults', HTMLElement);
const busy = byId('busy', HTMLElement);
/** For screen readers: the verdict, not all of the record. */
const spoken = byId('spoken', HTMLElement);
const result = byId('result', HTMLElement);
const folderInput = byId('folder', HTMLInputElement);
const mirrorPart = byId('mirror', HTMLElement);
const bar = byId('progress', HTMLProgressElement);
const barText = byId('progress-text', HTMLElement);
const stopButton = byId('stop', HTMLButtonElement);
const againButton = byId('again', HTMLButtonElement);

let evidence: Evidence | undefined;
let mirror: MirrorFiles | undefined;
let running: MirrorCheck | undefined;
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
  leaveMirror();
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

function leaveMirror(): void {
  running?.stop();
  running = mirror = undefined;
  mirrorPart.hidden = true;
}

async function openMirror(reading: MirrorFiles | Promise<MirrorFiles>): Promise<void> {
  const mine = ++turn;
  evidence = undefined;
  leaveMirror();
  result.replaceChildren();
  busy.textContent = 'Reading the names in the folder';
  const chosen = await reading;
  if (mine !== turn) return;
  mirror = chosen;
  await checkMirror();
}

/** checkMirror checks the chosen folder, with the keys as they are, and shows how far it is. */
async function checkMirror(): Promise<void> {
  const chosen = mirror;
  if (chosen === undefined) return;
  const mine = ++turn;
  running?.stop();
  result.replaceChildren();
  busy.replaceChildren('Checking the folder ', untrusted(chosen.name));
  spoken.textContent = 'Checking the folder';
  const total = chosen.files.reduce((sum, { file }) => sum + file.size, 0);
  bar.value = 0;
  barText.textContent = '';
  mirrorPart.hidden = false;
  showRunning(true);
  let quarter = 0;
  running = new MirrorCheck(chosen, keyField.value, ({ name, files, bytes }) => {
    const part = total === 0 ? 1 : Math.min(bytes / total, 1);
    bar.value = part;
    const of = `${size(bytes)} of ${size(total)}, ${files.toLocaleString('en')} of ${chosen.files.length.toLocaleString('en')} files: `;
    barText.replaceChildren(of, untrusted(name.slice(0, 200)));
    if (Math.floor(part * 4) <= quarter) return;
    quarter = Math.floor(part * 4);
    spoken.textContent = `${quarter * 25} % checked`;
  });
  try {
    const outcome = await running.outcome;
    if (mine !== turn) return;
    show(showLedger(chosen.name, outcome));
    document.title = `Auditseal: ${spoken.textContent}`;
  } finally {
    if (mine === turn) {
      running = undefined;
      showRunning(false);
    }
  }
}

function showRunning(isRunning: boolean): void {
  stopButton.hidden = bar.hidden = barText.hidden = !isRunning;
  againButton.hidden = isRunning;
}

function stopMirror(): void {
  turn++;
  running?.stop();
  running = undefined;
  showRunning(false);
  busy.textContent = spoken.textContent = 'Stopped: nothing is said about this folder.';
  againButton.focus();
}

async function checkKeys(): Promise<void> {
  const given = await readKeys(keyField.value);
  keyFaults.replaceChildren(...given.faults.map((fault) => element('p', {}, untrusted(fault))));
}

async function check(): Promise<void> {
  // A mirror is checked again when the user asks for it: that may take minutes.
  if (mirror !== undefined) return checkKeys();
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
    show([
      element(
        'p',
        { class: 'note', role: 'alert' },
        'This page failed, so nothing was checked: ',
        untrusted(String(error)),
      ),
    ]);
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
  const folder = event.dataTransfer === null ? undefined : filesOfDrop(event.dataTransfer.items);
  start(folder === undefined ? open(event.dataTransfer?.files[0]) : openMirror(folder));
});
folderInput.addEventListener('change', () => {
  if (folderInput.files !== null && folderInput.files.length > 0) start(openMirror(filesOfPicker(folderInput.files)));
});
stopButton.addEventListener('click', stopMirror);
againButton.addEventListener('click', () => start(checkMirror()));
if (!window.isSecureContext) {
  input.disabled = folderInput.disabled = true;
  busy.textContent =
    'This browser hashes nothing for pages from this address. Open the file from your disk, or over HTTPS.';
}
