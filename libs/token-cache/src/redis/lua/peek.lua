-- What is there; changes nothing.
-- ARGV     none of its own
-- Answers  fence payload ttlMs coolingMs error process, each '' when there is none, '1' for a token that is marked as rejected, and
--          voidedUpTo
local token, record = read_slot({ 'coolEndsAt', 'error', 'invalidated', 'rejected', 'coolProcess', 'fence', 'voided' })
local coolingMs = remaining_ms(record[1])
local reply = token and answer('', token) or { '', '', '', '' }
table.remove(reply, 1)
reply[4] = coolingMs > 0 and int(coolingMs) or ''
reply[5] = coolingMs > 0 and record[2] or ''
reply[6] = coolingMs > 0 and bound(record[5], record[1]) or ''
reply[7] = token and is_marked(token, record[3], record[4]) and '1' or ''
reply[8] = int(voided_up_to(record[6], record[7], record[3], record[4]))
return reply
