-- The token, or the right to mint one, or why not; hit.lua comes before.
-- ARGV     3 nonce, 4 leaseMs, 5 minTtlMs, 6 refused generation or '' for none, 7 the process that asks or '' for any
-- Answers  hit token ttlMs voidedUpTo
--          cooling remainingMs error process voidedUpTo nowUs, and token ttlMs of one that does not serve
--          wait leaseEndsInMs voidedUpTo nowUs, and token ttlMs of one that does not serve
--          lease fence leaseEndsInMs reason failures published ('' for none) serves ('1', '0') voidedUpTo, and token ttlMs
--          of a valid one
local record = read_more('nonce', 'leaseEndsAt', 'leaseMs', 'coolEndsAt', 'coolProcess', 'error', 'failures', 'published')
local nonce, leaseMs = record[1], lease_ms(record[2], record[3], fence)
local coolingMs, coolProcess = remaining_ms(record[4]), bound(record[5], record[4]) or ''
-- The cool-down of another process is passed over.
if coolProcess ~= '' and ARGV[7] ~= '' and coolProcess ~= ARGV[7] then coolingMs = 0 end

local live = nonce and leaseMs > 0 and whole(fence)
local taken = live and nonce ~= ARGV[3]
if token and (coolingMs > 0 or taken) then return hit() end

-- The token that there is goes at the end of the reply.
local function with_valid(reply)
  if valid then
    reply[#reply + 1] = valid.value
    reply[#reply + 1] = valid.ttlMs
  end
  return reply
end

if coolingMs > 0 then
  return with_valid({ 'cooling', coolingMs, record[6] or '', coolProcess, voidedUpTo, nowUs })
end
if taken then
  write_record('awaited', '1')
  return with_valid({ 'wait', leaseMs, voidedUpTo, nowUs })
end

-- A live lease is not extended: its process may not hear that it has it, and would keep it from others with every attempt.
if not live then
  settle_group_purge()
  fence, leaseMs = next_fence(fence, valid), ARGV[4]
  write_record('nonce', ARGV[3], 'leaseEndsAt', int(nowMs + leaseMs), 'leaseMs', fence .. ':' .. leaseMs, 'fence', fence)
  keep()
end

local reason = valid and not marked and 'refresh' or invalidated and 'invalidated' or 'miss'
local published = whole(record[8]) and record[8] or ''
local failures = whole(record[7]) or 0
return with_valid({ 'lease', fence, leaseMs, reason, failures, published, token and '1' or '0', voidedUpTo })
