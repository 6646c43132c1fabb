-- What is there; changes nothing.
-- ARGV     none of its own
-- Answers  token ttlMs coolingMs error process, each '' when there is none, '1' for a token that is marked as rejected, and voidedUpTo
local token, record = read_slot({ 'coolEndsAt', 'error', 'invalidated', 'rejected', 'coolProcess', 'fence', 'voided' })
local coolingMs = remaining_ms(record[1])
local voidedUpTo = voided_up_to(record[6], record[7], record[3], record[4])
local isMarked = token and is_marked(token, record[3], record[4]) and '1' or ''
local value, ttlMs = token and token.value or '', token and token.ttlMs or ''
if coolingMs == 0 then return { value, ttlMs, '', '', '', isMarked, voidedUpTo } end
return { value, ttlMs, coolingMs, record[2] or '', bound(record[5], record[1]) or '', isMarked, voidedUpTo }
