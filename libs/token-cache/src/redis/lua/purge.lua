-- Forgets token, lease, cool-down, failures and rejections, and raises the fence so that a mint in flight is refused.
-- ARGV     3 the last ms at which that may be done, or '' for any
-- Answers  the fence up to which everything is void; nil when it is too late
local deadline = whole(ARGV[3])
if deadline and nowMs > deadline then return false end
local fence = next_fence(read_record('fence')[1], read_token())
redis.call('DEL', KEYS[1], KEYS[2])
write_record('fence', fence, 'voided', fence, 'invalidated', '1')
keep()
publish('purged', fence)
return fence
