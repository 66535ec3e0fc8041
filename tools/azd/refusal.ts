/** Refusal says in sentences for the operator what is missing or wrong, and how to go on. Nothing was changed. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
