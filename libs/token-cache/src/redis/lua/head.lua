-- Prepended to every script. The server's clock is the only one; both keys live in one cluster slot.
-- KEYS  1 token: string "<fence>:<payload>" that ends at hard expiry
--       2 record: hash of nonce, leaseEndsAt, leaseMs "<fence>:<ms>", fence, published, voided, awaited, coolEndsAt,
--         coolProcess "<coolEndsAt>:<process>", error, failures, invalidated, rejected, replacedAt, paceMs, groupPurge
--         Processes of older versions know neither leaseMs, voided, coolProcess nor groupPurge, and may write beside this one.
--       3 the fence of the last purge of the key's group; not given for a key of no group
-- ARGV  1 event channel, 2 key id; the script's own arguments follow
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowUs / 1000)

-- Lua's own conversion would turn a fence into 1.7e+15.
local function int(number) return string.format('%.0f', number) end

-- A number as we write them, or nil for what is missing or somebody else's. Lua's numbers are exact below 2^53.
local function whole(text)
  local number = text and string.match(text, '^%d+$') and tonumber(text)
  return number and number < 9007199254740992 and number or nil
end

local function is_foreign(reply)
  return type(reply) == 'table' and reply.err ~= nil and string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

-- What a command reads, or nil from a key of another type. Any other error is raised, by the same command once more.
local function read(...)
  local reply = redis.pcall(...)
  if is_foreign(reply) then return nil end
  if type(reply) == 'table' and reply.err then return redis.call(...) end
  return reply
end

-- The token, or nil: a value that is not ours, or would never end, counts as none.
local function read_token()
  local value = read('GET', KEYS[1])
  local fence = value and string.match(value, '^(%d+):')
  if not whole(fence) then return nil end
  local ttlMs = redis.call('PTTL', KEYS[1])
  if ttlMs <= 0 then return nil end
  return { fence = tonumber(fence), payload = string.sub(value, #fence + 2), ttlMs = ttlMs }
end

-- The last purge of the group, 0 for none; what a purge of this key would have left when it was not written since; whether it has a
-- record, and a token of before. Known once `read_slot` was called.
local groupPurge, purged, isRecorded, isTokenPurged = 0, nil, false, false

local function answer(outcome, token)
  return { outcome, int(token.fence), token.payload, int(token.ttlMs) }
end

-- Fields of the record, in their order; none from a key of another type.
local function read_record(...)
  return read('HMGET', KEYS[2], ...) or {}
end

-- Writes fields of the record, over a key of another type if there is one.
local function write_record(...)
  local reply = redis.pcall('HSET', KEYS[2], ...)
  if type(reply) == 'number' then return end
  if is_foreign(reply) then redis.call('DEL', KEYS[2]) end
  redis.call('HSET', KEYS[2], ...)
end

-- The token and fields of the record, in their order, as they are after the last purge of the group (the rule is afterGroupPurge in
-- slot/group-purge.ts).
local function read_slot(fields)
  groupPurge = KEYS[3] and whole(read('GET', KEYS[3])) or 0
  local token = read_token()
  if groupPurge == 0 then return token, read_record(unpack(fields)) end
  -- Without a record nothing but its fence tells when a token was written.
  isTokenPurged = token ~= nil and token.fence <= groupPurge
  if isTokenPurged then token = nil end
  local count = #fields
  fields[count + 1], fields[count + 2] = 'fence', 'groupPurge'
  local record = read_record(unpack(fields))
  local fence = whole(record[count + 1])
  isRecorded = fence ~= nil
  if not isRecorded or whole(record[count + 2]) == groupPurge then return token, record end
  local upTo = int(math.max(groupPurge, fence + 1))
  purged = { fence = upTo, voided = upTo, invalidated = '1' }
  for i = 1, count do record[i] = purged[fields[i]] or false end
  return nil, record
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

-- Whether that token is marked as rejected, given the fields `invalidated` and `rejected`.
local function is_marked(token, invalidated, rejected)
  return invalidated and whole(rejected) == token.fence
end

-- The fence up to which everything was purged or rejected, be it replaced since, given the fields `fence`, `voided`,
-- `invalidated` and `rejected`. Nothing that lies above the last fence is ours.
local function voided_up_to(fence, voided, invalidated, rejected)
  local last = whole(fence) or 0
  local known = whole(voided) or 0
  if known > last then known = 0 end
  if not invalidated then return math.max(known, groupPurge) end
  local marked = whole(rejected)
  -- A process of an older version purged, and did not write the fence down: nothing of before the newest one is trusted.
  if known == 0 and not marked then return math.max(0, last - 1, groupPurge) end
  return math.max(known, marked and marked <= last and marked or 0, groupPurge)
end

local function publish(type, fence)
  redis.call('PUBLISH', ARGV[1], type .. ' ' .. fence .. ' ' .. ARGV[2])
end
