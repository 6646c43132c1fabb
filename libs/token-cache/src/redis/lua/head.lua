-- Prepended to every script: what is there. Both keys live in one cluster slot.
-- KEYS  1 token: string "<fence>:<payload>" that ends at hard expiry
--       2 record: hash of nonce, leaseEndsAt, leaseMs "<fence>:<ms>", fence, published, voided, awaited, coolEndsAt,
--         coolProcess "<coolEndsAt>:<process>", error, failures, invalidated, rejected, replacedAt, paceMs, groupPurge
--         Processes of older versions know neither leaseMs, voided, coolProcess nor groupPurge, and may write beside this one.
--       3 the fence of the last purge of the key's group; not given for a key of no group
-- ARGV  1 event channel, 2 key id; the script's own arguments follow
-- An answer gives a token as the value of its key and the ms to its end, and a number as it is, below 2^53.

-- A number as a text; Lua's own conversion would turn a fence into 1.7e+15.
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
  if type(reply) ~= 'table' or not reply.err then return reply end
  return not is_foreign(reply) and redis.call(...) or nil
end

-- The token, or nil: a value that is not ours, or would never end, counts as none.
local function read_token()
  local value = read('GET', KEYS[1])
  local fence = value and whole(string.match(value, '^(%d+):'))
  if not fence then return nil end
  local ttlMs = redis.call('PTTL', KEYS[1])
  if ttlMs <= 0 then return nil end
  return { fence = fence, value = value, ttlMs = ttlMs }
end

-- The last purge of the group, 0 for none; what a purge of this key would have left when it was not written since; whether it has a
-- record, and a token of before. Known once `read_slot` was called.
local groupPurge, purged, isRecorded, isTokenPurged = 0, nil, false, false

-- Fields of the record, in their order; none from a key of another type.
local function read_record(...)
  return read('HMGET', KEYS[2], ...) or {}
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
