-- Forgets token, lease, cool-down, failures and rejections, and raises the fence so that a mint in flight is refused.
-- ARGV     3 the last ms at which that may be done, or '' for any
-- Answers  the fence up to which everything is void; nil when it is too late
local deadline = whole(ARGV[3])
if deadline and nowMs > deadline then return false end
local token, record = read_slot({ 'fence' })
local fence = next_fence(record[1], token)
redis.call('DEL', KEYS[1], KEYS[2])
settle_group_purge()
write_record('fence', fence, 'voided', fence, 'invalidated', '1')
keep()
publish('purged', fence)
return fence
