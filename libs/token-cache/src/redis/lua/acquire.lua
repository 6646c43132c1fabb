-- The token, or the right to mint one, or why not.
-- ARGV     3 nonce, 4 leaseMs, 5 minTtlMs, 6 refused generation or '' for none, 7 the process that asks or '' for any
-- Answers  hit fence payload ttlMs voidedUpTo
--          cooling remainingMs error process voidedUpTo nowUs, and fence payload ttlMs of a token that does not serve
--          wait leaseEndsInMs voidedUpTo nowUs, and fence payload ttlMs of a token that does not serve
--          lease fence leaseEndsInMs reason failures published ('' for none) serves ('1', '0') voidedUpTo, and fence payload
--          ttlMs of a valid token
local fields = { 'nonce', 'leaseEndsAt', 'fence', 'coolEndsAt', 'error', 'failures', 'invalidated', 'published', 'rejected',
  'leaseMs', 'coolProcess', 'voided' }
local valid, record = read_slot(fields)
local nonce, leaseMs, fence = record[1], lease_ms(record[2], record[10], record[3]), record[3]
local coolingMs, coolProcess = remaining_ms(record[4]), bound(record[11], record[4]) or ''
-- The cool-down of another process is passed over.
if coolProcess ~= '' and ARGV[7] ~= '' and coolProcess ~= ARGV[7] then coolingMs = 0 end
local marked = valid and is_marked(valid, record[7], record[9])
local token = valid and not marked and valid.fence ~= whole(ARGV[6]) and valid or nil
local voidedUpTo = int(voided_up_to(fence, record[12], record[7], record[9]))

local function hit()
  local reply = answer('hit', token)
  reply[5] = voidedUpTo
  return reply
end

if token and token.ttlMs > tonumber(ARGV[5]) then return hit() end

local live = nonce and leaseMs > 0 and whole(fence)
local taken = live and nonce ~= ARGV[3]
if token and (coolingMs > 0 or taken) then return hit() end

-- The token that there is goes at the end of the reply.
local function with_valid(reply)
  if valid then
    reply[#reply + 1] = int(valid.fence)
    reply[#reply + 1] = valid.payload
    reply[#reply + 1] = int(valid.ttlMs)
  end
  return reply
end

if coolingMs > 0 then
  return with_valid({ 'cooling', int(coolingMs), record[5] or '', coolProcess, voidedUpTo, int(nowUs) })
end
if taken then
  write_record('awaited', '1')
  return with_valid({ 'wait', int(leaseMs), voidedUpTo, int(nowUs) })
end

-- A live lease is not extended: its process may not hear that it has it, and would keep it from others with every attempt.
if not live then
  settle_group_purge()
  fence, leaseMs = next_fence(fence, valid), ARGV[4]
  write_record('nonce', ARGV[3], 'leaseEndsAt', int(nowMs + leaseMs), 'leaseMs', fence .. ':' .. leaseMs, 'fence', fence)
  keep()
end

local reason = valid and not marked and 'refresh' or record[7] and 'invalidated' or 'miss'
local published = whole(record[8]) and record[8] or ''
local failures = int(whole(record[6]) or 0)
return with_valid({ 'lease', fence, int(leaseMs), reason, failures, published, token and '1' or '0', voidedUpTo })
