import { element } from './dom.ts';

let made = 0;

/** fold puts content below a button that opens it. It is printed whether it is open or not. */
export function fold(label: string, ...content: Node[]): HTMLElement {
  const id = `fold-${made++}`;
  const body = element('div', { id, class: 'folded' }, ...content);
  const button = element(
    'button',
    { type: 'button', class: 'fold', 'aria-expanded': 'false', 'aria-controls': id },
    label,
  );
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', String(!body.classList.toggle('folded')));
  });
  return element('div', { class: 'foldable' }, button, body);
}
