-- Prepended to every script after head.lua: the time, which is the server's alone, and what changes the record.
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowUs / 1000)

local function answer(outcome, token)
  return { outcome, token.value, token.ttlMs }
end

-- Writes fields of the record, over a key of another type if there is one.
local function write_record(...)
  local reply = redis.pcall('HSET', KEYS[2], ...)
  if type(reply) == 'number' then return end
  if is_foreign(reply) then redis.call('DEL', KEYS[2]) end
  redis.call('HSET', KEYS[2], ...)
end

-- More fields of the record, after `read_slot`. A purge of the group leaves none but those of `purged`.
local function read_more(...)
  if not purged then return read_record(...) end
  local record = { ... }
  for i, field in ipairs(record) do record[i] = purged[field] or false end
  return record
end

-- To be called before a step writes to a record that may be older than the last purge of its group.
local function settle_group_purge()
  if groupPurge == 0 then return end
  if purged or isTokenPurged then redis.call('DEL', KEYS[1]) end
  if purged then redis.call('DEL', KEYS[2]) end
  local upTo = purged and purged.fence or int(groupPurge)
  if purged or not isRecorded then write_record('fence', upTo, 'voided', upTo) end
  if purged then write_record('invalidated', '1') end
  write_record('groupPurge', int(groupPurge))
end

-- From now to an instant of the record; 0 when it is past, or further away than any policy allows.
local function remaining_ms(instant)
  local ms = (whole(instant) or 0) - nowMs
  return ms > 0 and ms < 2147483648 and ms or 0
end

-- What a field says of the value of another field that it was written with; nil where an older version has changed that since.
local function bound(text, value)
  local prefix = value and value .. ':'
  if not text or not prefix or string.sub(text, 1, #prefix) ~= prefix then return nil end
  return string.sub(text, #prefix + 1)
end

-- From now to the end of a lease; 0 when it is over. One that ends later than it could is of a clock that was set back since.
local function lease_ms(endsAt, leaseMs, fence)
  local ms, longest = remaining_ms(endsAt), whole(bound(leaseMs, fence))
  return longest and ms > longest and 0 or ms
end

-- Above every fence that was ever seen. The clock carries it over the loss of both records.
local function next_fence(last, token)
  local fence = math.max(nowUs, (whole(last) or 0) + 1, (token and token.fence or 0) + 1, groupPurge + 1)
  return int(fence < 9007199254740992 and fence or nowUs)
end

-- A record outlives everything in it by a day, so that fences still rise when the clock is set back by less than that.
local function keep()
  local record = read_record('leaseEndsAt', 'coolEndsAt', 'replacedAt', 'paceMs')
  local paceEndsAt = (whole(record[3]) or 0) + 2 * (whole(record[4]) or 0)
  local tokenMs = redis.call('PTTL', KEYS[1])
  local longestMs = math.max(0, tokenMs, remaining_ms(record[1]), remaining_ms(record[2]), remaining_ms(int(paceEndsAt)))
  redis.call('PEXPIRE', KEYS[2], int(86400000 + longestMs))
end

local function publish(type, fence)
  redis.call('PUBLISH', ARGV[1], type .. ' ' .. fence .. ' ' .. ARGV[2])
end
