/** Limits that several folders share; each folder's own stand beside their use. Unit last. */

/** Largest request body of the API: upstream's 3 MiB (apiserver `MaxRequestBodyBytes`). */
export const requestBodyBytesMax = 3 * 1024 * 1024

/** Largest transaction of the store: etcd's `--max-request-bytes` of 1.5 MiB. */
export const txnBytesMax = 1.5 * 1024 * 1024

/** Longest wait of a write for a leader before the client is told, milliseconds. */
export const proposeTimeoutMs = 5_000
