import { defineScript, type Script } from './client.ts'

/**
 * The part that all limit scripts share. `KEYS`: the clock, then buckets, then counters. `ARGV[1]`: number of buckets.
 *
 * - A bucket stores the time until it is full (`debt`, ms), the time of that value, and the time since which it has not
 *   been full (both µs). A debt is a small number, so a double has digits to spare, and times are whole.
 * - A counter stores the used amount and the period that it counts (ms since 1970).
 * - The clock is the server's, in µs. If it steps back, all later times are shifted by the same amount. Nothing is
 *   credited then, and no bucket waits for the clock to catch up.
 */
export const limitPrelude = `
local floor, max, min = math.floor, math.max, math.min
local function text(number) return string.format('%.17g', number) end
local function load(key, pattern) return string.match(redis.call('GET', key) or '', pattern) end

local time = redis.call('TIME')
local raw = time[1] * 1000000 + time[2]
local epoch = floor(raw / 1000)
local seen, ahead = load(KEYS[1], '^(%S+) (%S+)$')
seen, ahead = tonumber(seen or 0), tonumber(ahead or 0)
local function tick() redis.call('SET', KEYS[1], text(raw) .. ' ' .. text(ahead), 'PX', 86400000) end
if raw < seen then
  ahead = ahead + seen - raw
  tick()
end
local now = raw + ahead

local buckets = tonumber(ARGV[1])
local function bucketKey(i) return KEYS[1 + i] end
local function counterKey(i) return KEYS[1 + buckets + i] end
local counters = #KEYS - 1 - buckets
local known = {}

local function bucket(key)
  if known[key] then return known[key] end
  local debt, moment, since = load(key, '^(%S+) (%S+) (%S+)$')
  local left = debt and debt - max(0, now - moment) / 1000 or 0
  known[key] = left > 0 and { debt = left, since = tonumber(since) } or { debt = 0, since = now }
  return known[key]
end
local function keepBucket(key)
  local debt, since = known[key].debt, known[key].since
  if debt <= 0 then return redis.call('DEL', key) end
  local value = text(debt) .. ' ' .. text(now) .. ' ' .. text(since)
  redis.call('SET', key, value, 'PX', text(math.ceil(min(debt, 1e15)) + 1000))
end

-- Years begin in March here, so that the leap day comes last. Takes and gives days since 1970.
local function firstOfMonth(day)
  local d = day + 719468
  local function march(year) return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400) end
  local year = floor(d / 365.2425)
  if march(year) > d then year = year - 1 elseif march(year + 1) <= d then year = year + 1 end
  local month = floor((5 * (d - march(year)) + 2) / 153)
  return march(year) + floor((153 * month + 2) / 5) - 719468
end
local lengths = { minute = 60000, hour = 3600000, day = 86400000 }
local function span(per)
  local length = lengths[per]
  if length then
    local from = floor(epoch / length) * length
    return from, from + length
  end
  local first = firstOfMonth(floor(epoch / 86400000))
  return first * 86400000, firstOfMonth(first + 31) * 86400000
end
local function counter(key, per)
  if known[key] then return known[key] end
  local used, from, to = load(key, '^(%S+) (%S+) (%S+)$')
  used, from, to = tonumber(used or 0), tonumber(from), tonumber(to or 0)
  if to <= epoch then
    used = 0
    from, to = span(per)
  end
  known[key] = { used = used, from = from, to = to }
  return known[key]
end
local function keepCounter(key)
  local c = known[key]
  local value = text(c.used) .. ' ' .. text(c.from) .. ' ' .. text(c.to)
  redis.call('SET', key, value, 'PX', text(max(0, c.to - epoch) + 1000))
end

local reply = {}
local function say(number) reply[#reply + 1] = text(number) end
local function answer() return table.concat(reply, ' ') end
`

// Three arguments for each bucket (capacity, refill per ms, cost), three for each counter (period, limit, cost).
const charges = `
local function bucketCharge(i)
  local at = 3 * i
  return tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
end
local function counterCharge(i)
  local at = 3 * (buckets + i)
  return ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
end
local function sayReading()
  for i = 1, buckets do
    local capacity, refill = bucketCharge(i)
    say(capacity - bucket(bucketKey(i)).debt * refill)
  end
  for i = 1, counters do say(counter(counterKey(i), (counterCharge(i))).used) end
  for i = 1, counters do say(counter(counterKey(i), (counterCharge(i))).to - epoch) end
end
`

/**
 * `ARGV[2]`: maximum wait in ms. Replies `1`, the time, the longest wait, each bucket's wait if that is above 0, and
 * each counter's period; or `0` and the reading. Sums of doubles have rounding errors, so the comparisons allow a
 * tolerance.
 */
export const reserveScript: Script = /* @__PURE__ */ defineScript(`${limitPrelude}${charges}
local longest, affordable, waits = 0, true, {}
for i = 1, buckets do
  local capacity, refill, cost = bucketCharge(i)
  waits[i] = bucket(bucketKey(i)).debt + (cost - capacity) / refill
  longest = max(longest, waits[i])
end
for i = 1, counters do
  local per, limit, cost = counterCharge(i)
  if counter(counterKey(i), per).used + cost > limit + limit * 1e-9 then affordable = false end
end
if not affordable or longest > max(tonumber(ARGV[2]), 1e-4) then
  say(0)
  sayReading()
  return answer()
end
local waiting = longest > 1e-4
say(1)
say(now)
say(waiting and longest or 0)
for i = 1, buckets do
  local _, refill, cost = bucketCharge(i)
  local b = bucket(bucketKey(i))
  b.debt = b.debt + cost / refill
  keepBucket(bucketKey(i))
  if waiting then say(max(0, waits[i])) end
end
for i = 1, counters do
  local per, _, cost = counterCharge(i)
  local c = counter(counterKey(i), per)
  c.used = c.used + cost
  keepCounter(counterKey(i))
  say(c.from)
end
tick()
return answer()
`)

/** Replies the reading: the level of each bucket, the used amount of each counter, and when each counter resets. */
export const readScript: Script = /* @__PURE__ */ defineScript(`${limitPrelude}${charges}
sayReading()
return answer()
`)

/**
 * Three arguments for each bucket (refill per ms, delta, time of the grant), two for each counter (delta, period).
 * Replies the part of each bucket's delta that took effect.
 */
export const settleScript: Script = /* @__PURE__ */ defineScript(`${limitPrelude}
tick()
for i = 1, buckets do
  local at = 3 * i - 1
  local refill, given, granted = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local key = bucketKey(i)
  local b = bucket(key)
  if given < 0 then
    if b.debt == 0 or b.since > granted then given = 0 else given = max(given, -b.debt * refill) end
  end
  if given ~= 0 then
    b.debt = b.debt + given / refill
    keepBucket(key)
  end
  say(given)
end
for i = 1, counters do
  local at = 2 + 3 * buckets + 2 * (i - 1)
  local delta, period = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local key = counterKey(i)
  local used, from, to = load(key, '^(%S+) (%S+) (%S+)$')
  if used and tonumber(from) == period then
    known[key] = { used = max(0, used + delta), from = period, to = tonumber(to) }
    keepCounter(key)
  end
end
return answer()
`)

/** Deletes buckets and counters, which makes buckets full and counters zero. */
export const resetScript: Script = /* @__PURE__ */ defineScript(`
for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
return ''
`)
