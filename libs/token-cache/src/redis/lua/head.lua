-- Prepended to every script. The server's clock is the only one; both keys live in one cluster slot.
-- KEYS  1 token: string "<fence>:<payload>" that ends at hard expiry
--       2 record: hash of nonce, leaseEndsAt, fence, published, awaited, coolEndsAt, error, failures, invalidated
-- ARGV  1 event channel, 2 key id; the script's own arguments follow
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowUs / 1000)

-- Lua's own conversion would turn a fence into 1.7e+15.
local function int(number) return string.format('%.0f', number) end

-- The token, or nil: a value that is not ours, or would never end, counts as none. Lua's numbers are exact below 2^53.
local function read_token()
  local value = redis.call('GET', KEYS[1])
  local fence = value and string.match(value, '^(%d+):')
  if not fence or tonumber(fence) >= 9007199254740992 then return nil end
  local ttlMs = redis.call('PTTL', KEYS[1])
  if ttlMs <= 0 then return nil end
  return { fence = tonumber(fence), payload = string.sub(value, #fence + 2), ttlMs = ttlMs }
end

local function answer(outcome, token)
  return { outcome, int(token.fence), token.payload, int(token.ttlMs) }
end

-- Above every fence that was ever seen. The clock carries it over the loss of both records.
local function next_fence(last, token)
  return int(math.max(nowUs, (tonumber(last) or 0) + 1, (token and token.fence or 0) + 1))
end

-- 25 h: longer than a lease plus the life of a token, so that a late commit still finds what replaced it.
local function keep(atLeastMs)
  redis.call('PEXPIRE', KEYS[2], int(math.max(90000000, tonumber(atLeastMs or 0))))
end

local function publish(type, fence)
  redis.call('PUBLISH', ARGV[1], type .. ' ' .. fence .. ' ' .. ARGV[2])
end
