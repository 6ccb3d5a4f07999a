import type { RestSync } from '../../resilience/index.ts'
import { NoticeBoard, type RedisNewsOptions, type RedisNewsStats } from './notices.ts'

export interface RedisRestSync extends RestSync {
  stats(): RedisNewsStats
}

/** Shares over Redis for how long providers and keys rest that were limited: at once, and with processes that start meanwhile. */
export function createRedisRestSync(options: RedisNewsOptions): RedisRestSync {
  const board = new NoticeBoard(options, 'rests', 'rests')
  return {
    publish: ({ subject, restMs, reason }) => board.publish({ target: subject, openMs: restMs, reason }),
    subscribe: (listener) =>
      board.subscribe(({ target, openMs, reason }) => listener({ subject: target, restMs: openMs, reason })),
    stats: () => board.stats(),
    close: () => board.close(),
  }
}
