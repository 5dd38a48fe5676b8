import { type Context, checkServed } from '../context.ts'
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
        try {
          checkServed(context, call, false)
        } catch (error) {
          stream.end(rpcErrorOf(error))
          return { onMessage() {} }
        }
        const watches = new WatchStream(context, stream, call)
        const forget = endWithoutLeader(context, stream, call)
        return {
          onMessage: message => watches.onMessage(message),
          onClose() {
            watches.onClose()
            forget()
          },
        }
      },
    },
  }
}
