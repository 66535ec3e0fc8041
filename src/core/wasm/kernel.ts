import { MODULE } from './module.ts';

// The one place that knows WebAssembly. The kernel is wasm/ compiled: it does again what the TypeScript of core/merkle and
// core/segment does, in less time. That TypeScript is the reference, and does the work where the kernel can't or isn't there.

/** Place is where something stands in the kernel's memory, or how much of it there may be. */
type Place = 'leaves' | 'mostLeaves' | 'input' | 'mostInput' | 'records' | 'output' | 'ends' | 'first' | 'mostFirst';

/** What the kernel does; wasm/ says how. Each gives a negative number where the reference has to do it. */
interface Calls {
  readonly root: (count: number) => number;
  readonly slice: (length: number) => number;
  readonly stamp: (count: number, record: number, firstLength: number, hasBreaks: boolean) => number;
  readonly lines: (length: number, hasCategories: boolean) => number;
}

/**
 * Kernel is an instance of the module, and its memory as bytes, as numbers of 32 bits and of 64. The memory never grows.
 * Whatever is in it holds until the next call, and is no one's to keep.
 */
export interface Kernel extends Calls, Readonly<Record<Place | 'texts', number>> {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

type Exports = Calls &
  Readonly<Record<Place | 'texts', { readonly value: number }>> & {
    readonly memory: { readonly buffer: ArrayBuffer };
  };

/** What is used of WebAssembly, which Node's types don't describe. A process may be started without it. */
const { WebAssembly } = globalThis as {
  readonly WebAssembly?: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: object };
  };
};

let isOn = true;
let instance: Kernel | undefined;
let isTried = false;

/**
 * kernel gives this thread's instance, which is made on first use, or undefined where there is none: without WebAssembly or
 * its SIMD, without memory for it, after a call that failed, and while it is switched off.
 */
export function kernel(): Kernel | undefined {
  if (!isTried) {
    isTried = true;
    instance = makeInstance();
  }
  return isOn ? instance : undefined;
}

/** switchKernel says whether the kernel is used: tests hold it and the reference to the same results. */
export function switchKernel(on: boolean): void {
  isOn = on;
}

function makeInstance(): Kernel | undefined {
  if (WebAssembly === undefined) return undefined;
  try {
    const module = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));
    const { memory, root, slice, stamp, lines, ...places } = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = memory;
    return {
      ...(Object.fromEntries(Object.entries(places).map(([name, { value }]) => [name, value])) as Record<
        keyof typeof places,
        number
      >),
      bytes: Buffer.from(buffer),
      words: new Uint32Array(buffer),
      numbers: new Float64Array(buffer),
      root: (count) => guard(() => root(count)),
      slice: (length) => guard(() => slice(length)),
      stamp: (count, record, firstLength, hasBreaks) => guard(() => stamp(count, record, firstLength, hasBreaks)),
      lines: (length, hasCategories) => guard(() => lines(length, hasCategories)),
    };
  } catch {
    return undefined;
  }
}

/** guard gives what a call does. One that traps is a fault of the kernel: what arrives isn't held up by it, and it isn't used again. */
function guard(call: () => number): number {
  try {
    return call();
  } catch {
    instance = undefined;
    return -1;
  }
}
