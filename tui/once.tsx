import { renderToString } from 'ink'
import { type Clock, sleep } from '../src/kernel/clock.ts'
import { initialUi } from './keys/dispatch.ts'
import { reduce } from './model/reduce.ts'
import { quorumOf } from './model/select.ts'
import type { Model } from './model/types.ts'
import { Frame } from './screen/app.tsx'
import type { Source } from './source/types.ts'
import type { Theme } from './theme/theme.ts'

/** Longest wait until every part has told something once. */
const gatherMs = 3_000
const pollMs = 50
const noQuorumExitCode = 3

/** Gathers for a moment and draws one frame. Exit code as of `quorate status`. */
export async function runOnce(options: {
  readonly source: Source
  readonly clock: Clock
  readonly start: Model
  readonly theme: Theme
  readonly width: number
  readonly height: number
}): Promise<{ readonly frame: string; readonly code: number }> {
  const { source, clock, theme, width, height } = options
  let model = options.start
  await source.start(event => {
    model = reduce(model, event)
  })
  const deadline = clock.now() + gatherMs
  while (!complete(model) && clock.now() < deadline) await sleep(pollMs)
  model = reduce(model, { type: 'tick', now: clock.wall() })
  await source.stop()
  const frame = renderToString(
    <Frame model={model} ui={initialUi} theme={theme} width={width} height={height} />,
    { columns: width },
  )
  return { frame, code: quorumOf(model).ok ? 0 : noQuorumExitCode }
}

function complete(model: Model): boolean {
  return model.api.ok && model.nodes.length > 0 && model.peers.every(peer => peer.report)
}
