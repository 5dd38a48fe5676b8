/**
 * How values lie in the store, where that is not as they are: the place of encryption at rest.
 * `key` is the value's key, so that one that was moved to another key is found out.
 * Source: apiserver pkg/storage/value/transformer.go.
 */
export interface Transformer {
  toStorage(value: Uint8Array, key: string): Uint8Array
  /** @throws Error for what `toStorage` did not make */
  fromStorage(value: Uint8Array, key: string): Uint8Array
}

/** Values lie as they are. */
export const identity: Transformer = {
  toStorage: value => value,
  fromStorage: value => value,
}
