-- Releases a lease and remembers the failure.
-- ARGV     3 nonce, 4 fence, 5 cooldownMs or '' for none, 6 error
-- Answers  1, or 0 when the lease is no longer the caller's
local record = read_record('nonce', 'fence', 'awaited', 'failures')
if record[1] ~= ARGV[3] or record[2] ~= ARGV[4] then return 0 end
redis.call('HDEL', KEYS[2], 'nonce', 'leaseEndsAt', 'awaited')
if ARGV[5] ~= '' then
  write_record('failures', int((whole(record[4]) or 0) + 1), 'coolEndsAt', int(nowMs + ARGV[5]), 'error', ARGV[6])
end
keep()
if record[3] then publish('failed', ARGV[4]) end
return 1
