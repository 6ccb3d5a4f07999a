import { defineScript, type Script } from './client.ts'

// A cap is a sorted set of leases with their expiry (server time in ms). It expires with its last lease.
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** `ARGV`: lease, its length in ms, then the limit of each cap. Replies `taken`, or the slots in use of each cap. */
export const takeScript: Script = /* @__PURE__ */ defineScript(`${clock}
local used, free = {}, true
for i = 1, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  used[i] = redis.call('ZCARD', KEYS[i])
  if used[i] >= tonumber(ARGV[2 + i]) then free = false end
end
if not free then return table.concat(used, ' ') end
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
return 'taken'
`)

/** `ARGV`: the length of a lease in ms, then the lease of each key. A lease that has expired is taken again. */
export const renewScript: Script = /* @__PURE__ */ defineScript(`${clock}
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], now + ARGV[1], ARGV[1 + i])
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
end
return ''
`)

/** `ARGV`: lease, and the channel to notify. */
export const releaseScript: Script = /* @__PURE__ */ defineScript(`
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
redis.call('PUBLISH', ARGV[2], '')
return ''
`)
