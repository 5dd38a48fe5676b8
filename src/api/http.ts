/** Who asks. Source: authentication.k8s.io/v1 UserInfo. */
export interface UserInfo {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/**
 * One request to the API, whichever way it came in: over HTTPS or in process.
 * `path` has no query; header names are lower case.
 */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Aborts when the client goes away or its deadline passes. */
  readonly signal?: AbortSignal
}

/** Body: one piece, or a stream of pieces (watch, log, long lists) that ends or is aborted. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/** The way from a client to the API: in process, or over HTTPS with a certificate. */
export interface Transport {
  request(request: ApiRequest): Promise<ApiResponse>
}

/** Header with the Raft term a system identity's write is fenced by; see design.md, Fencing. */
export const fenceHeader = 'x-quorate-fence-term'
