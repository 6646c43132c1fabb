-- The token, or the right to mint one, or why not.
-- ARGV     3 nonce, 4 leaseMs, 5 minTtlMs
-- Answers  hit fence payload ttlMs
--          cooling remainingMs error
--          wait leaseEndsInMs
--          lease fence reason failures published ('' for none), and tokenFence payload ttlMs if a token is still valid
local token = read_token()
if token and token.ttlMs > tonumber(ARGV[5]) then return answer('hit', token) end

local record = read_record('nonce', 'leaseEndsAt', 'fence', 'coolEndsAt', 'error', 'failures', 'invalidated', 'published')
local nonce, leaseMs, fence, coolingMs = record[1], remaining_ms(record[2]), record[3], remaining_ms(record[4])

if coolingMs > 0 then
  if token then return answer('hit', token) end
  return { 'cooling', int(coolingMs), record[5] }
end

local live = nonce and leaseMs > 0 and whole(fence)
if live and nonce ~= ARGV[3] then
  if token then return answer('hit', token) end
  write_record('awaited', '1')
  return { 'wait', int(leaseMs) }
end

if not live then fence = next_fence(fence, token) end
write_record('nonce', ARGV[3], 'leaseEndsAt', int(nowMs + ARGV[4]), 'fence', fence)
keep(ARGV[4])

local reason = token and 'refresh' or record[7] and 'invalidated' or 'miss'
local reply = { 'lease', fence, reason, int(whole(record[6]) or 0), whole(record[8]) and record[8] or '' }
if token then
  reply[6], reply[7], reply[8] = int(token.fence), token.payload, int(token.ttlMs)
end
return reply
