import { defineScript, type Script } from './client.ts'

// A run is a hash (its owner, the end of its lease, its state) and a list of its batches. Both expire when the owner
// stops writing. An expired lease is never renewed, because readers have already seen the run end.
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** `KEYS`: hash, name. `ARGV`: owner, lease, time to live, id, key, meta, figures. Replies `ok` or `exists`. */
export const createScript: Script = /* @__PURE__ */ defineScript(`${clock}
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner then return owner == ARGV[1] and 'ok' or 'exists' end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', now + ARGV[2], 'first', 1, 'last', 0, 'bytes', 0,
  'key', ARGV[5], 'meta', ARGV[6], 'figures', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[2] + ARGV[3]) end
return 'ok'
`)

/**
 * `KEYS`: hash, list. `ARGV`: owner, lease, time to live, maximum batches, maximum bytes, channel, sequence before the
 * first batch, then the batches. Skips batches that the list already has. Replies `ok`, `lost`, or `stop` with the
 * reason of a cancellation on the next line.
 */
export const appendScript: Script = /* @__PURE__ */ defineScript(`${clock}
local run = redis.call('HMGET', KEYS[1], 'owner', 'until', 'ending', 'first', 'last', 'bytes', 'cancel')
if run[1] ~= ARGV[1] or run[3] or now > tonumber(run[2]) then return 'lost' end
local first, last, bytes, base = tonumber(run[4]), tonumber(run[5]), tonumber(run[6]), tonumber(ARGV[7])
if last < base then return 'lost' end
for i = 8 + last - base, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[i])
  bytes = bytes + #ARGV[i]
  last = last + 1
end
while last > first and (last - first + 1 > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5])) do
  bytes = bytes - #redis.call('LPOP', KEYS[2])
  first = first + 1
end
redis.call('HSET', KEYS[1], 'first', first, 'last', last, 'bytes', bytes, 'until', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2] + ARGV[3])
redis.call('PUBLISH', ARGV[6], last)
return run[7] and ('stop\\n' .. run[7]) or 'ok'
`)

/** `KEYS`: hash, list, name. `ARGV`: owner, lease, time to live, figures. Replies as `appendScript`. */
export const renewScript: Script = /* @__PURE__ */ defineScript(`${clock}
local run = redis.call('HMGET', KEYS[1], 'owner', 'until', 'ending', 'cancel')
if run[1] ~= ARGV[1] or run[3] or now > tonumber(run[2]) then return 'lost' end
redis.call('HSET', KEYS[1], 'until', now + ARGV[2], 'figures', ARGV[4])
for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[2] + ARGV[3]) end
return run[4] and ('stop\\n' .. run[4]) or 'ok'
`)

/** `KEYS`: hash, list, name. `ARGV`: owner, time to live, ending, figures, channel. Replies `ok` or `lost`. */
export const endScript: Script = /* @__PURE__ */ defineScript(`${clock}
local run = redis.call('HMGET', KEYS[1], 'owner', 'until', 'ending')
if run[1] ~= ARGV[1] then return 'lost' end
if run[3] then return 'ok' end
if now > tonumber(run[2]) then return 'lost' end
redis.call('HSET', KEYS[1], 'ending', ARGV[3], 'figures', ARGV[4])
for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
redis.call('PUBLISH', ARGV[5], 'end')
return 'ok'
`)

const state = `
local function stateOf(ending, lease)
  if ending then return 'ended' end
  return now > tonumber(lease) and 'lost' or 'running'
end
`

/**
 * `KEYS`: hash, list. `ARGV`: after, maximum batches, maximum bytes. Replies nothing, or lines: state, first, last,
 * ending, batches.
 */
export const readScript: Script = /* @__PURE__ */ defineScript(`${clock}${state}
local run = redis.call('HMGET', KEYS[1], 'first', 'last', 'ending', 'until')
if not run[1] then return '' end
local from = math.max(0, tonumber(ARGV[1]) + 1 - tonumber(run[1]))
local found = redis.call('LRANGE', KEYS[2], from, from + ARGV[2] - 1)
local lines, bytes = { stateOf(run[3], run[4]), run[1], run[2], run[3] or '' }, 0
for i = 1, #found do
  bytes = bytes + #found[i]
  if i > 1 and bytes > tonumber(ARGV[3]) then break end
  lines[#lines + 1] = found[i]
end
return table.concat(lines, '\\n')
`)

/** `KEYS`: hash. Replies nothing, or lines: state, last, key, meta, figures, ending. */
export const infoScript: Script = /* @__PURE__ */ defineScript(`${clock}${state}
local run = redis.call('HMGET', KEYS[1], 'last', 'key', 'meta', 'figures', 'ending', 'until')
if not run[1] then return '' end
local lines = { stateOf(run[5], run[6]), run[1], run[2], run[3], run[4], run[5] or '' }
return table.concat(lines, '\\n')
`)

/** `KEYS`: name. Replies the id, or nothing. */
export const findScript: Script = /* @__PURE__ */ defineScript(`return redis.call('GET', KEYS[1]) or ''`)

/** `KEYS`: hash. `ARGV`: reason, prefix of the owners' channels, id. Replies `ok` or `no`. */
export const cancelScript: Script = /* @__PURE__ */ defineScript(`${clock}
local run = redis.call('HMGET', KEYS[1], 'owner', 'until', 'ending')
if not run[1] or run[3] or now > tonumber(run[2]) then return 'no' end
redis.call('HSET', KEYS[1], 'cancel', ARGV[1])
redis.call('PUBLISH', ARGV[2] .. run[1], ARGV[3])
return 'ok'
`)

/** `ARGV`: channel. Replies the number of receivers. */
export const callScript: Script = /* @__PURE__ */ defineScript(
  `return tostring(redis.call('PUBLISH', ARGV[1], 'who'))`,
)
