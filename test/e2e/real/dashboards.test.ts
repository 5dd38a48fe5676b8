import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EventResult, FramesResult } from '../../judge/verdict.ts'
import { root, run } from '../../support/cluster.ts'

/**
 * The short form of `npm run judge`: whether what the dashboards show is what an independent writer
 * measured, and what the peers say of themselves.
 */
const testMs = 600_000
const program = join(root, 'dist/test/judge/main.js')
const noTmux = (await run('tmux', ['-V'])).code !== 0

test.skipIf(noTmux)(
  'two dashboards and one that nobody reads show what a writer of its own felt',
  async () => {
    const short = ['--kills', '2', '--hangs', '1', '--partitions', '1', '--quorum', '1']
    const ran = await run(process.execPath, [program, ...short, '--json'], { timeout: testMs })
    expect(ran.out, ran.err).not.toBe('')
    const { results, frames, unreadSeconds } = JSON.parse(ran.out) as {
      results: readonly EventResult[]
      frames: FramesResult
      unreadSeconds: number
    }
    expect(results).toHaveLength(5)
    // A machine that is too busy to say gives no figure; that is counted, and may not be all.
    const voids = results.filter(({ verdict }) => verdict === 'void').length
    process.stdout.write(`${voids} of ${results.length} events void, ${frames.void} frames void\n`)
    // One of the five may be missed by one dashboard: the machine has twice the work it can do. The
    // long form, `npm run judge`, allows none.
    const wrong = results.flatMap(({ verdict }) => (typeof verdict === 'string' ? [] : [verdict]))
    expect(wrong.length, JSON.stringify(wrong)).toBeLessThanOrEqual(1)
    const compared = results.filter(
      ({ witness, shown }) =>
        witness.state === 'closed' &&
        Object.values(shown).some(
          figure => typeof figure === 'object' && figure.state === 'closed',
        ),
    )
    expect(compared.length).toBeGreaterThan(0)
    // A dashboard goes by its own writers, the judge by another one: where neither was answered for
    // about a second, a frame or two may call the same moment by two names.
    expect(frames.wrong.length, JSON.stringify(frames.wrong)).toBeLessThan(frames.count / 200)
    expect(frames.void).toBeLessThan(frames.count)
    // The terminal of the third was full, and the dashboard could not draw.
    expect(unreadSeconds).toBeGreaterThan(2)
  },
  testMs,
)
