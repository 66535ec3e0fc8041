// The parts of Azurite that its package has no types for, as far as local/azurite.ts uses them.

declare module 'azurite/dist/src/blob/BlobServer.js' {
  class BlobServer {
    constructor(configuration: object);
    readonly accountDataStore: { accounts: Record<string, { name: string; key1: Buffer }>; refresh(): void };
    start(): Promise<void>;
    close(): Promise<void>;
    getHttpServerAddress(): string;
  }
  const exported: { default: typeof BlobServer };
  export = exported;
}

declare module 'azurite/dist/src/blob/BlobConfiguration.js' {
  const exported: { default: new (...settings: readonly unknown[]) => object };
  export = exported;
}

declare module 'azurite/dist/src/common/persistence/MemoryExtentStore.js' {
  const exported: { MemoryExtentChunkStore: new () => object };
  export = exported;
}

declare module 'azurite/dist/src/queue/QueueServer.js' {
  import blobServer from 'azurite/dist/src/blob/BlobServer.js';
  const exported: { default: typeof blobServer.default };
  export = exported;
}

declare module 'azurite/dist/src/queue/QueueConfiguration.js' {
  const exported: { default: new (...settings: readonly unknown[]) => object };
  export = exported;
}
