-- Extends a lease, even a lapsed one unless it was taken over.
-- ARGV     3 nonce, 4 fence, 5 leaseMs
-- Answers  1, or 0 when it is no longer the caller's
local _, record = read_slot({ 'nonce', 'fence' })
if record[1] ~= ARGV[3] or record[2] ~= ARGV[4] then return 0 end
write_record('leaseEndsAt', int(nowMs + ARGV[5]), 'leaseMs', ARGV[4] .. ':' .. ARGV[5])
keep()
return 1
