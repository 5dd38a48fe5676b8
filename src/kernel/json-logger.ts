import { type Logger as PinoLogger, pino } from 'pino'
import type { LogFields, Logger, LogLevel } from './logger.ts'

/** JSON lines on stdout: `{"level":"info","time":"...","process":"peer-1","msg":"..."}`. */
export function createJsonLogger(process: string, level: LogLevel): Logger {
  const base = pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
  })
  return wrap(base as unknown as PinoLogger)
}

function wrap(target: PinoLogger): Logger {
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (fields) target[level](fields, message)
    else target[level](message)
  }
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: fields => wrap(target.child(fields)),
  }
}
