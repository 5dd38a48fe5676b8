import type { ApiRequest, ApiResponse } from '../api/http.ts'
import { parseJson } from '../apiserver/http/decode.ts'
import { jsonResponse, textResponse } from '../apiserver/http/respond.ts'
import type { Client } from '../client/types.ts'
import type { DataLayout } from '../config/layout.ts'
import { systemClock } from '../kernel/clock.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import type { Membership } from '../store/types.ts'
import { join } from './join.ts'
import { caPath, joinPath } from './join-protocol.ts'
import type { LiveCluster } from './live.ts'

/** What join-protocol.ts describes, as paths of the API server. */
export function joinPaths(parts: {
  readonly store: Membership
  client(): Client
  readonly live: LiveCluster
  readonly layout: DataLayout
}): ReadonlyMap<string, (request: ApiRequest) => Promise<ApiResponse>> {
  const { store, live, layout } = parts
  type Serve = (request: ApiRequest) => Promise<ApiResponse>
  return new Map<string, Serve>([
    [`GET ${caPath}`, async () => textResponse(200, readCertificate(layout.pki, 'ca'))],
    [
      `POST ${joinPath}`,
      async request => {
        const body = parseJson(Buffer.from(request.body ?? new Uint8Array()).toString())
        const answer = await join(
          {
            ...{ store, client: parts.client(), now: systemClock.wall },
            config: () => live.config,
            members: () => live.members,
            ca: () => readKeyPair(layout.pki, 'ca'),
          },
          body,
        )
        return jsonResponse(200, answer)
      },
    ],
  ])
}
