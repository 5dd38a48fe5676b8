import { type Context, checkServed, confirmed } from '../context.ts'
import { rpcErrorOf } from '../grpc/status.ts'
import type { Method, StreamHandlers } from '../grpc/types.ts'
import { endWithoutLeader } from './require-leader.ts'
import { WatchStream } from './watch-stream.ts'

/** The Watch service. */
export function watchMethods(context: Context): Record<string, Method> {
  return {
    Watch: {
      kind: 'stream',
      open(stream, call): StreamHandlers {
        const watches = new WatchStream(context, stream, call)
        const forget = endWithoutLeader(context, stream, call)
        let isServed = false
        const serveFirst = async (message: Buffer) => {
          try {
            await confirmed(context, call, () => checkServed(context, call, false))
            isServed = true
          } catch (error) {
            stream.end(rpcErrorOf(error))
            return
          }
          await watches.onMessage(message)
        }
        return {
          onMessage: message => (isServed ? watches.onMessage(message) : serveFirst(message)),
          onClose() {
            watches.onClose()
            forget()
          },
        }
      },
    },
  }
}
