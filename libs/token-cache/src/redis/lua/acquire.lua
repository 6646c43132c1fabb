-- The token, or the right to mint one, or why not.
-- ARGV     3 nonce, 4 leaseMs, 5 needMs
-- Answers  hit fence payload ttlMs
--          cooling remainingMs error
--          wait leaseEndsInMs
--          lease fence reason failures published ('' for none), and tokenFence payload ttlMs if a token is still valid
local token = read_token()
if token and token.ttlMs > tonumber(ARGV[5]) then return answer('hit', token) end

local record = redis.call('HMGET', KEYS[2], 'nonce', 'leaseEndsAt', 'fence', 'coolEndsAt', 'error', 'failures', 'invalidated', 'published')
local nonce, leaseEndsAt, fence, coolEndsAt = record[1], tonumber(record[2] or 0), record[3], tonumber(record[4] or 0)

if coolEndsAt > nowMs then
  if token then return answer('hit', token) end
  return { 'cooling', int(coolEndsAt - nowMs), record[5] }
end

local live = nonce and leaseEndsAt > nowMs
if live and nonce ~= ARGV[3] then
  if token then return answer('hit', token) end
  redis.call('HSET', KEYS[2], 'awaited', '1')
  return { 'wait', int(leaseEndsAt - nowMs) }
end

if not live then fence = next_fence(fence, token) end
redis.call('HSET', KEYS[2], 'nonce', ARGV[3], 'leaseEndsAt', int(nowMs + ARGV[4]), 'fence', fence)
keep(ARGV[4])

local reason = token and 'refresh' or record[7] and 'invalidated' or 'miss'
local reply = { 'lease', fence, reason, record[6] or '0', record[8] or '' }
if token then
  reply[6], reply[7], reply[8] = int(token.fence), token.payload, int(token.ttlMs)
end
return reply
