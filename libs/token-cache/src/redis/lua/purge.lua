-- Forgets token, lease, cool-down, failures and rejections, and raises the fence so that a mint in flight is refused.
-- ARGV     none of its own
-- Answers  the fence up to which everything is void
local fence = next_fence(read_record('fence')[1], read_token())
redis.call('DEL', KEYS[1], KEYS[2])
write_record('fence', fence, 'invalidated', '1')
keep()
publish('purged', fence)
return fence
